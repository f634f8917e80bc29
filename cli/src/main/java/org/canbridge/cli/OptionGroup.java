package org.canbridge.cli;

import java.util.List;

/**
 * Options that belong together.
 *
 * @param title heading in the help
 * @param options in the order of the help
 */
record OptionGroup(String title, List<Opt<?>> options) {
  /** Keeps a copy. */
  OptionGroup {
    options = List.copyOf(options);
  }

  /** The options that are a command's own. */
  static OptionGroup own(Opt<?>... options) {
    return new OptionGroup("options", List.of(options));
  }
}
