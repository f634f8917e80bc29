package org.canbridge.runtime.training;

/**
 * Notices a run whose loss has left for good: its smoothed loss has grown to a multiple of the
 * least that it has been. Single steps vary a lot, since a step sees few noise levels; the smoothed
 * loss of a hundred steps does not.
 */
final class Divergence {
  private static final double SMOOTHING = 0.99;
  private static final double FACTOR = 5;

  /** Steps before the smoothed loss means anything. */
  private static final int SETTLED = 100;

  private double sum;
  private double weight;
  private double least = Double.POSITIVE_INFINITY;
  private long steps;

  /** Takes the loss of a step; whether the run has diverged. */
  boolean after(double loss) {
    sum = SMOOTHING * sum + (1 - SMOOTHING) * loss;
    weight = SMOOTHING * weight + (1 - SMOOTHING);
    steps++;
    if (steps < SETTLED) {
      return false;
    }
    double smooth = sum / weight;
    least = Math.min(least, smooth);
    return smooth > FACTOR * least;
  }
}
