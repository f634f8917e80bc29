package org.canbridge.importers.keys;

import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Names in which {@code *} stands for any characters, dots included. */
public final class Globs {
  private Globs() {}

  /** The pattern that whole names must match. */
  public static Pattern compile(String glob) {
    return Pattern.compile(
        Arrays.stream(glob.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")));
  }
}
