package org.canbridge.runtime.training;

/**
 * The learning rate over a run: a linear warm-up from {@code peak / warmup}, then constant or down
 * to zero along half a cosine (Loshchilov and Hutter, ICLR 2017).
 *
 * @param peak the rate after the warm-up
 * @param warmup steps of the warm-up; 0 for none
 * @param cosineSteps steps of the whole run, at whose end a falling rate is zero; 0 for a constant
 *     rate
 */
public record LearningRate(double peak, long warmup, long cosineSteps) {

  /** Checks the numbers. */
  public LearningRate {
    if (!(peak > 0 && Double.isFinite(peak)) || warmup < 0 || cosineSteps < 0) {
      throw new IllegalArgumentException(
          "no learning rate " + peak + " with " + warmup + " and " + cosineSteps + " steps");
    }
    if (cosineSteps > 0 && cosineSteps <= warmup) {
      throw new IllegalArgumentException(
          "a warm-up of " + warmup + " steps leaves nothing of " + cosineSteps);
    }
  }

  /** The rate of step {@code step}, counted from 0. */
  public double at(long step) {
    if (step < warmup) {
      return peak * (step + 1) / warmup;
    }
    if (cosineSteps == 0) {
      return peak;
    }
    double done = Math.min(1, (step - warmup) / (double) (cosineSteps - warmup));
    return peak * 0.5 * (1 + Math.cos(Math.PI * done));
  }
}
