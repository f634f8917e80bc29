package org.canbridge.runtime.diffusion;

import org.canbridge.runtime.objective.NoisePath;

/**
 * From when to when a run goes in a continuous schedule, and how its times are spread.
 *
 * @param schedule the schedule
 * @param spacing how times are spread
 * @param from the first time, 1 for pure noise
 * @param to the last time, above 0
 */
public record TimeRange(NoisePath schedule, TimeSpacing spacing, double from, double to) {

  /** Checks the ends. */
  public TimeRange {
    if (!(to > 0 && from > to && from <= 1)) {
      throw new IllegalArgumentException("no run from time " + from + " to " + to);
    }
  }

  /** The times of a number of equal parts, falling, both ends included. */
  double[] split(int parts) {
    return spacing.times(schedule, from, to, parts);
  }

  /** The same spacing over another range. */
  TimeRange between(double first, double last) {
    return new TimeRange(schedule, spacing, first, last);
  }

  /**
   * The noise levels of a run.
   *
   * @param steps number of steps, at least 1
   */
  public NoiseGrid grid(int steps) {
    return NoiseGrid.ofTimes(schedule, split(steps));
  }
}
