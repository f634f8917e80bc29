package org.canbridge.runtime.training;

/**
 * Exponential moving average of the weights, which is what is sampled from.
 *
 * @param decay share of the average that stays at every step
 * @param warmup step n (from 0) keeps at most {@code (1 + n) / (warmup + n)}, so that a short run's
 *     average is not its start: about the last {@code 1 / (warmup - 1)} of the steps so far count
 *     (the power function averages of Karras et al., arXiv 2312.02696, with exponent {@code warmup
 *     - 2}); 0 for none
 */
public record Ema(double decay, int warmup) {
  /** The usual one, TensorFlow's: about the last ninth. */
  public static final int USUAL = 10;

  /**
   * Of a checkpoint that has converged: about the last third. What the first steps do to it is
   * mostly noise, which a longer average takes out again.
   */
  public static final int FINE_TUNING = 4;

  /** Checks the numbers. */
  public Ema {
    if (!(decay >= 0 && decay < 1)) {
      throw new IllegalArgumentException("an average's decay lies in [0, 1), not at " + decay);
    }
    if (warmup < 0 || warmup == 1) {
      throw new IllegalArgumentException("no warm-up of an average: " + warmup);
    }
  }

  /** The decay at step {@code step}, counted from 0. */
  public double at(long step) {
    return warmup == 0 ? decay : Math.min(decay, (1.0 + step) / (warmup + step));
  }
}
