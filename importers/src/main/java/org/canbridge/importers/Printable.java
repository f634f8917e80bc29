package org.canbridge.importers;

import java.util.Locale;

/** Text from files, made safe to print: a tensor's name must not steer a terminal. */
final class Printable {
  private Printable() {}

  /** The text with control characters, line breaks among them, written as escapes. */
  static String of(String text) {
    StringBuilder safe = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      safe.append(Character.isISOControl(c) ? String.format(Locale.ROOT, "\\u%04x", (int) c) : c);
    }
    return safe.toString();
  }

  /** The same for text of several lines. */
  static String lines(String text) {
    return String.join("\n", text.lines().map(Printable::of).toList());
  }
}
