package org.canbridge.runtime.export;

import java.util.Set;
import java.util.stream.Collectors;
import org.canbridge.runtime.Model;

/**
 * A form in which a model leaves for other programs: what stands behind {@code export --format}. A
 * new one is a class and its line in {@link Exporters}.
 */
public interface Exporter {

  /** The word of {@code --format}. */
  String name();

  /** What is written and which models it can hold: one sentence without a full stop. */
  String holds();

  /** The ending of the file that is written, without its dot; empty if that is a folder. */
  String ending(ExportOptions options);

  /** What may be said of it. */
  Set<ExportOption> options();

  /** Whether it holds condition-aware networks too. */
  default boolean holdsConditionAware() {
    return true;
  }

  /**
   * Makes everything ready that can be refused; writes nothing.
   *
   * @param model stays open until the export is written
   * @throws IllegalArgumentException if this form cannot hold the model, or something is said that
   *     means nothing to it, with the reason
   */
  default Export prepare(Model model, ExportOptions options) {
    for (ExportOption said : options.given()) {
      if (!options().contains(said)) {
        throw new IllegalArgumentException(
            said
                + " means nothing to the form "
                + name()
                + ", which takes "
                + (options().isEmpty()
                    ? "no options"
                    : options().stream()
                        .sorted()
                        .map(ExportOption::toString)
                        .collect(Collectors.joining(", "))));
      }
    }
    return export(model, options);
  }

  /**
   * As {@link #prepare}, which is what is called.
   *
   * @param options none that is not in {@link #options()}
   */
  Export export(Model model, ExportOptions options);
}
