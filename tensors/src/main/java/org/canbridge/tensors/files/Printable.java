package org.canbridge.tensors.files;

import java.util.Locale;

/**
 * Text from files, made safe to show: a tensor's name must neither steer a terminal nor be code.
 */
public final class Printable {
  private static final char REPLACEMENT = '\uFFFD';

  private Printable() {}

  /** The text with control characters, line breaks among them, written as escapes. */
  public static String of(String text) {
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

  /**
   * The text with control characters, halves of surrogate pairs and the like replaced by U+FFFD, so
   * that it also stands in XML, where some of them cannot even be escaped.
   */
  public static String replaced(String text) {
    StringBuilder clean = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              switch (Character.getType(c)) {
                case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR ->
                    clean.append(REPLACEMENT);
                default -> clean.appendCodePoint(c);
              }
            });
    return clean.toString();
  }

  /** For HTML and SVG, between tags and in attributes: {@link #replaced}, then {@link #markup}. */
  public static String html(String text) {
    return markup(replaced(text));
  }

  /** The text with markup escaped; for text of our own, which may have line ends. */
  public static String markup(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }
}
