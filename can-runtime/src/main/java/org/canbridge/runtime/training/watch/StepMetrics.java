package org.canbridge.runtime.training.watch;

import java.util.Collections;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * What one training step was like. Numbers may be NaN or infinite, but for the step: a run that
 * diverges must be able to say so.
 *
 * @param step the number of steps done with this one, 1 for the first of the run; 0 for what was
 *     measured before it, {@link #start}
 * @param loss what was minimised, the mean over the batch
 * @param terms the loss's parts and whatever else was measured, by name, such as {@code mse} and
 *     {@code vb}; a name may be missing in some steps. Sorted by name
 * @param learningRate the one this step was made with
 * @param gradientNorm of all trained parameters together, before clipping
 * @param imagesPerSecond of this step
 * @param seconds since the run began, over all its starts
 * @param heldOut the loss on examples that are not trained on, after this step; mostly empty
 */
public record StepMetrics(
    long step,
    double loss,
    Map<String, Double> terms,
    double learningRate,
    double gradientNorm,
    double imagesPerSecond,
    double seconds,
    OptionalDouble heldOut) {

  /** Checks the step and sorts the terms. */
  public StepMetrics {
    if (step < 0 || (step == 0 && heldOut.isEmpty())) {
      throw new IllegalArgumentException("steps count from 1: " + step);
    }
    terms = Collections.unmodifiableMap(new TreeMap<>(terms));
  }

  /** Before the first step there is the held-out loss alone; the other numbers are NaN. */
  public static StepMetrics start(double heldOut, double seconds) {
    return new StepMetrics(
        0,
        Double.NaN,
        Map.of(),
        Double.NaN,
        Double.NaN,
        Double.NaN,
        seconds,
        OptionalDouble.of(heldOut));
  }
}
