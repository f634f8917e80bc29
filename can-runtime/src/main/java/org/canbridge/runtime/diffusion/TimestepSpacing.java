package org.canbridge.runtime.diffusion;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.canbridge.tensors.files.Words;

/**
 * How diffusers' schedulers choose the timesteps of a run ({@code timestep_spacing}; the names are
 * those of Lin et al. 2023, table 2). Its one-step schedulers (DDIM, DDPM) and its multistep ones
 * (DPM-Solver, UniPC) differ: the latter count the clean image as one more point. Halves are
 * rounded to even, as NumPy does.
 */
public enum TimestepSpacing {
  /** Multiples of a whole stride from the first timestep on; the last one is not visited. */
  LEADING("leading") {
    @Override
    double[] ofOneStep(int of, int steps) {
      int stride = of / steps;
      return points(steps, k -> (steps - 1 - k) * stride);
    }

    @Override
    double[] ofMultistep(int of, int steps) {
      int stride = of / (steps + 1);
      return points(steps, k -> (steps - k) * stride);
    }
  },
  /** Evenly from the last timestep to the first; multistep schedulers leave the first one out. */
  LINSPACE("linspace") {
    @Override
    double[] ofOneStep(int of, int steps) {
      return points(steps, k -> steps == 1 ? 0 : (steps - 1 - k) * ((of - 1.0) / (steps - 1)));
    }

    @Override
    double[] ofMultistep(int of, int steps) {
      return points(steps, k -> k == 0 ? of - 1 : (steps - k) * ((of - 1.0) / steps));
    }
  },
  /** Even steps down from the last timestep; the first one is not visited. */
  TRAILING("trailing") {
    @Override
    double[] ofOneStep(int of, int steps) {
      return points(steps, k -> Math.rint(of - k * ((double) of / steps)) - 1);
    }

    @Override
    double[] ofMultistep(int of, int steps) {
      return ofOneStep(of, steps);
    }
  };

  private final String text;

  TimestepSpacing(String text) {
    this.text = text;
  }

  abstract double[] ofOneStep(int of, int steps);

  abstract double[] ofMultistep(int of, int steps);

  @FunctionalInterface
  private interface Point {
    double at(int k);
  }

  private static double[] points(int steps, Point point) {
    return IntStream.range(0, steps).mapToDouble(point::at).toArray();
  }

  /**
   * The timesteps of DDIM and DDPM, falling.
   *
   * @param of number of timesteps of the schedule
   * @param steps how many are visited, 1 to {@code of}
   * @param offset added with {@link #LEADING} ({@code steps_offset})
   * @throws IllegalArgumentException if there are too few timesteps
   */
  public int[] oneStep(int of, int steps, int offset) {
    check(of, steps, offset);
    return round(ofOneStep(of, steps), offset, of);
  }

  /**
   * The timesteps of DPM-Solver and UniPC, falling; otherwise as {@link #oneStep}.
   *
   * @throws IllegalArgumentException if there are too few timesteps
   */
  public int[] multistep(int of, int steps, int offset) {
    check(of, steps, offset);
    return round(ofMultistep(of, steps), offset, of);
  }

  private static void check(int of, int steps, int offset) {
    if (steps < 1 || steps >= of || offset < 0) {
      throw new IllegalArgumentException(
          "cannot visit " + steps + " of " + of + " timesteps, shifted by " + offset);
    }
  }

  private int[] round(double[] points, int offset, int of) {
    int shift = this == LEADING ? offset : 0;
    int[] timesteps = Arrays.stream(points).mapToInt(t -> (int) Math.rint(t) + shift).toArray();
    if (timesteps[0] >= of) {
      throw new IllegalArgumentException("an offset of " + offset + " leads past timestep " + of);
    }
    return timesteps;
  }

  /** The name in scheduler configurations and on the command line. */
  @Override
  public String toString() {
    return text;
  }

  /**
   * The constant of this name.
   *
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  public static TimestepSpacing parse(String text) {
    return Words.constant(
        values(),
        TimestepSpacing::toString,
        text,
        "there is no timestep spacing '%s'; there are %s");
  }
}
