package org.canbridge.runtime.diffusion;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.canbridge.runtime.objective.NoisePath;

/** How a run's times are spread between its first and its last; the names are DPM-Solver's. */
public enum TimeSpacing {
  /** Equal steps of time. */
  TIME_UNIFORM("time_uniform") {
    @Override
    double[] times(NoisePath schedule, double from, double to, int steps) {
      return spread(from, to, steps, t -> t);
    }
  },
  /** Equal steps of the square root of time: finer towards the image. */
  TIME_QUADRATIC("time_quadratic") {
    @Override
    double[] times(NoisePath schedule, double from, double to, int steps) {
      return spread(Math.sqrt(from), Math.sqrt(to), steps, t -> t * t);
    }
  },
  /** Equal steps of the log signal-to-noise ratio. */
  LOG_SNR("logSNR") {
    @Override
    double[] times(NoisePath schedule, double from, double to, int steps) {
      return spread(schedule.lambda(from), schedule.lambda(to), steps, schedule::timeOf);
    }
  };

  private final String text;

  TimeSpacing(String text) {
    this.text = text;
  }

  /** {@code steps + 1} times, falling from {@code from} to {@code to}. */
  abstract double[] times(NoisePath schedule, double from, double to, int steps);

  private static double[] spread(double from, double to, int steps, DoubleUnaryOperator time) {
    double[] times = new double[steps + 1];
    Arrays.setAll(times, i -> time.applyAsDouble(from + (to - from) * i / steps));
    return times;
  }

  /** The name in the DPM-Solver code. */
  @Override
  public String toString() {
    return text;
  }
}
