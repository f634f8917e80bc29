package org.canbridge.runtime.objective;

import java.util.Arrays;

/**
 * A discrete schedule of N steps as functions of time: index i lies at time {@code (i + 1) / N},
 * and log alpha is interpolated linearly between; the {@code discrete} schedule of the DPM-Solver
 * code. Outside {@code 1 / N..1} the first or last piece goes on.
 */
public final class InterpolatedSchedule implements NoisePath {
  private final double[] logAlphas;
  private final double firstTimestep;

  /**
   * Interpolates a schedule.
   *
   * @param schedule at least 2 steps, not respaced: the timesteps rise by 1
   */
  public InterpolatedSchedule(NoiseSchedule schedule) {
    int steps = schedule.steps();
    if (steps < 2 || schedule.timestep(steps - 1) - schedule.timestep(0) != steps - 1) {
      throw new IllegalArgumentException("only a full schedule can be interpolated");
    }
    logAlphas = new double[steps];
    Arrays.setAll(logAlphas, i -> 0.5 * Math.log(schedule.alphaCumprod(i)));
    firstTimestep = schedule.timestep(0);
  }

  /** The place among the timesteps comes from the time: at time 1 it is the last one. */
  @Override
  public NoiseLevel at(double time) {
    double at = time * logAlphas.length - 1;
    int below = Math.max(0, Math.min(logAlphas.length - 2, (int) Math.floor(at)));
    double slope = logAlphas[below + 1] - logAlphas[below];
    return NoiseLevel.ofLogAlpha(
        at + firstTimestep, logAlphas[below] + (at - below) * slope, slope * logAlphas.length);
  }

  @Override
  public double timeOf(double lambda) {
    double logAlpha = -0.5 * NoisePath.logAddExp(0, -2 * lambda);
    int from = 0;
    int to = logAlphas.length - 2;
    while (from < to) {
      int middle = (from + to) >>> 1;
      if (logAlphas[middle + 1] <= logAlpha) {
        to = middle;
      } else {
        from = middle + 1;
      }
    }
    double share = (logAlpha - logAlphas[from]) / (logAlphas[from + 1] - logAlphas[from]);
    return (from + share + 1) / logAlphas.length;
  }
}
