package org.canbridge.importers.keys;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Tensor names with indices left open: {@code blocks.{i}.attn.qkv.weight}, {@code up.{U-1-i}}. */
final class NameTemplate {
  private static final Pattern INDEX = Pattern.compile("\\{([^{}]*)\\}");

  private NameTemplate() {}

  /** Parses every index, so that a mistake in a rule shows when its class is loaded. */
  static void check(String template) {
    Matcher matcher = INDEX.matcher(template);
    while (matcher.find()) {
      Expression.parse(matcher.group(1));
    }
  }

  /** The name with its indices put in; they must be known. */
  static String fill(String template, Dims dims) {
    return INDEX
        .matcher(template)
        .replaceAll(
            index ->
                Long.toString(
                    Expression.parse(index.group(1))
                        .value(dims)
                        .orElseThrow(
                            () ->
                                new IllegalArgumentException("an index is unknown: " + template))));
  }
}
