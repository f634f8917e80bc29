package org.canbridge.verifiers;

import java.util.Optional;

/**
 * A tensor's name, or a prefix of names written with a star at the end: {@code output.masked.*}.
 */
record NamePattern(String text) {

  /**
   * What the star stands for in {@code name}: the rest of the name, or nothing if the pattern has
   * no star; empty if the name does not match.
   */
  Optional<String> match(String name) {
    if (!isPrefix()) {
      return name.equals(text) ? Optional.of("") : Optional.empty();
    }
    String prefix = text.substring(0, text.length() - 1);
    return name.startsWith(prefix) && name.length() > prefix.length()
        ? Optional.of(name.substring(prefix.length()))
        : Optional.empty();
  }

  /** Orders patterns that match one name: the longest prefix, and above all the name itself. */
  int rank() {
    return isPrefix() ? text.length() : Integer.MAX_VALUE;
  }

  private boolean isPrefix() {
    return text.endsWith("*");
  }
}
