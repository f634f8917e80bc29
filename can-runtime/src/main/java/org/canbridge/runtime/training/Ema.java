package org.canbridge.runtime.training;

/**
 * Exponential moving average of the weights, which is what is sampled from.
 *
 * @param decay share of the average that stays at every step
 * @param warmup whether step n (from 0) keeps at most {@code (1 + n) / (10 + n)}, so that a short
 *     run's average is not its start
 */
public record Ema(double decay, boolean warmup) {

  /** Checks the decay. */
  public Ema {
    if (!(decay >= 0 && decay < 1)) {
      throw new IllegalArgumentException("an average's decay lies in [0, 1), not at " + decay);
    }
  }

  /** The decay at step {@code step}, counted from 0. */
  public double at(long step) {
    return warmup ? Math.min(decay, (1.0 + step) / (10.0 + step)) : decay;
  }
}
