package org.canbridge.runtime.objective;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apiguardian.api.API;

/**
 * Which timesteps of a schedule a run visits; {@code space_timesteps} of the DiT code (from
 * OpenAI's improved diffusion). Written as text:
 *
 * <ul>
 *   <li>{@code 250}: 250 timesteps, evenly spread with both ends included;
 *   <li>{@code 10,15,20}: the schedule in three sections of equal length, with 10, 15 and 20
 *       timesteps, the least noisy section first;
 *   <li>{@code ddim25}: 25 timesteps 0, k, 2k, ... with a whole stride k, as the DDIM paper does;
 *       the last timestep of the schedule is not visited (960 of 1000 with 25).
 * </ul>
 */
@API(status = API.Status.STABLE)
public final class Respacing {
  private static final Pattern STRIDED = Pattern.compile("ddim([0-9]{1,9})");
  private static final Pattern SECTIONS = Pattern.compile("[0-9]{1,9}(,[0-9]{1,9})*");

  private final boolean strided;
  private final List<Integer> counts;

  private Respacing(boolean strided, List<Integer> counts) {
    this.strided = strided;
    this.counts = counts;
    if (counts.stream().anyMatch(count -> count < 1)) {
      throw new IllegalArgumentException("at least 1 step is needed: " + this);
    }
  }

  /**
   * Evenly spread timesteps.
   *
   * @param steps how many, at least 1
   */
  public static Respacing even(int steps) {
    return new Respacing(false, List.of(steps));
  }

  /**
   * Reads one of the forms above.
   *
   * @throws IllegalArgumentException if the text is none of them or asks for no step
   */
  public static Respacing parse(String text) {
    Matcher ddim = STRIDED.matcher(text);
    if (ddim.matches()) {
      return new Respacing(true, List.of(Integer.valueOf(ddim.group(1))));
    }
    if (!SECTIONS.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "steps must be a number (250), one for each section (10,15,20) or ddimN (ddim25), not '"
              + text
              + "'");
    }
    return new Respacing(
        false, Pattern.compile(",").splitAsStream(text).map(Integer::valueOf).toList());
  }

  /** Number of timesteps that are visited. */
  public int steps() {
    return counts.stream().mapToInt(Integer::intValue).sum();
  }

  /**
   * Number of steps, for solvers that choose their noise levels themselves.
   *
   * @throws IllegalArgumentException if this is more than a number
   */
  public int plainSteps() {
    if (strided || counts.size() > 1) {
      throw new IllegalArgumentException(
          "the timesteps '"
              + this
              + "' are for the samplers ddpm and ddim; give a number of steps");
    }
    return counts.get(0);
  }

  /**
   * The visited timesteps, ascending.
   *
   * @param of number of timesteps of the schedule
   * @throws IllegalArgumentException if the schedule has too few for them
   */
  int[] timesteps(int of) {
    return strided ? strided(of) : sections(of);
  }

  private int[] strided(int of) {
    int wanted = counts.get(0);
    for (int stride = 1; stride < of; stride++) {
      if ((of + stride - 1) / stride == wanted) {
        int step = stride;
        return IntStream.range(0, wanted).map(i -> i * step).toArray();
      }
    }
    throw new IllegalArgumentException(
        "no whole stride visits " + wanted + " of " + of + " timesteps; use " + wanted + " evenly");
  }

  private int[] sections(int of) {
    int sections = counts.size();
    List<Integer> visited = new ArrayList<>();
    int start = 0;
    for (int section = 0; section < sections; section++) {
      int size = of / sections + (section < of % sections ? 1 : 0);
      int count = counts.get(section);
      if (size < count) {
        throw new IllegalArgumentException(
            "cannot visit " + count + " of " + size + " timesteps (" + this + " of " + of + ")");
      }
      double stride = count == 1 ? 1 : (size - 1) / (double) (count - 1);
      double at = 0;
      for (int i = 0; i < count; i++) {
        // Half to even on the accumulated sum, as Python's round: i * stride would round elsewhere.
        visited.add(start + (int) Math.rint(at));
        at += stride;
      }
      start += size;
    }
    return visited.stream().mapToInt(Integer::intValue).toArray();
  }

  /** The text that {@link #parse} reads. */
  @Override
  public String toString() {
    String numbers = counts.stream().map(String::valueOf).collect(Collectors.joining(","));
    return strided ? "ddim" + numbers : numbers;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Respacing that && strided == that.strided && counts.equals(that.counts);
  }

  @Override
  public int hashCode() {
    return toString().hashCode();
  }
}
