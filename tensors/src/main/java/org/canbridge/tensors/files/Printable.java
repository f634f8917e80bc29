package org.canbridge.tensors.files;

import java.util.Locale;

/**
 * Text from files, made safe to show: a tensor's name must neither steer a terminal nor be code.
 */
public final class Printable {
  private static final char REPLACEMENT = '\uFFFD';

  private Printable() {}

  /**
   * The text with everything that shows as something else written as escapes: control characters,
   * line breaks among them, marks of direction and other formats, halves of surrogate pairs.
   */
  public static String of(String text) {
    return escaped(text, "");
  }

  /** The same, cut where it is longer than anybody reads. */
  public static String atMost(int characters, String text) {
    String safe = of(text);
    return safe.length() <= characters ? safe : safe.substring(0, characters) + "...";
  }

  /**
   * The same for text of several lines, JSON for one, where the escapes mean what they stand for.
   */
  public static String lines(String text) {
    return escaped(text, "\n");
  }

  private static String escaped(String text, String kept) {
    StringBuilder safe = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      int end = i + Character.charCount(c);
      if (isPlain(c) || kept.indexOf(c) >= 0) {
        safe.appendCodePoint(c);
      } else {
        for (; i < end; i++) {
          safe.append(String.format(Locale.ROOT, "\\u%04x", (int) text.charAt(i)));
        }
      }
      i = end;
    }
    return safe.toString();
  }

  private static boolean isPlain(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }

  /**
   * The text with control characters, halves of surrogate pairs and the like replaced by U+FFFD, so
   * that it also stands in XML, where some of them cannot even be escaped.
   */
  public static String replaced(String text) {
    StringBuilder clean = new StringBuilder(text.length());
    text.codePoints().forEach(c -> clean.appendCodePoint(isPlain(c) ? c : REPLACEMENT));
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
