package org.canbridge.runtime.bulk;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One of the parts in which several jobs share a run.
 *
 * @param number which, from 1
 * @param of how many there are
 */
public record Shard(int number, int of) {
  /** The run in one part. */
  public static final Shard WHOLE = new Shard(1, 1);

  private static final Pattern FORM = Pattern.compile("([0-9]{1,6})/([0-9]{1,6})");

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if the part is none of its run
   */
  public Shard {
    if (number < 1 || number > of) {
      throw new IllegalArgumentException("there is no part " + number + " of " + of);
    }
  }

  /**
   * Reads {@code 3/8}.
   *
   * @throws IllegalArgumentException if the text is no part of a run
   */
  public static Shard parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (matcher.matches()) {
      int number = Integer.parseInt(matcher.group(1));
      int of = Integer.parseInt(matcher.group(2));
      if (number >= 1 && number <= of) {
        return new Shard(number, of);
      }
    }
    throw new IllegalArgumentException("'" + text + "' must be I/N with I from 1 to N");
  }

  /** {@code 3/8}. */
  @Override
  public String toString() {
    return number + "/" + of;
  }
}
