package org.canbridge.runtime.diffusion;

import org.canbridge.runtime.objective.NoiseSchedule;

/**
 * DDIM (Song, Meng and Ermon 2021, eq. 12) on a respaced schedule; {@code ddim_sample_loop} of the
 * DiT code. With {@code eta} 0 the run is deterministic, with 1 it adds as much noise as {@link
 * Ddpm} with the small variance. A learned variance is not used.
 *
 * <p>Like that code, coefficients are rounded to float32 and combined in float32; the state itself
 * is float64. Noise is drawn at every step, used or not.
 *
 * @param schedule the respaced schedule
 * @param eta share of the noise, not negative
 */
public record Ddim(NoiseSchedule schedule, double eta) implements OneStepSolver {

  /** Checks eta. */
  public Ddim {
    if (!(eta >= 0 && eta <= 1)) {
      throw new IllegalArgumentException("eta must lie in 0..1, not " + eta);
    }
  }

  @Override
  public Latents step(int i, Latents x, Prediction prediction, Latents noise) {
    float here = (float) schedule.alphaCumprod(i);
    float next = (float) schedule.alphaCumprodPrev(i);
    float sigma = (float) eta * sqrt((1 - next) / (1 - here)) * sqrt(1 - here / next);
    float signal = sqrt(next);
    // With eta 1 and few steps the rounded sigma can be an ulp too large.
    float direction = sqrt(Math.max(0, 1 - next - sigma * sigma));
    return Combination.of(signal, prediction.clean())
        .plus(direction, prediction.noise())
        .plus(sigma, noise)
        .sum();
  }

  private static float sqrt(float value) {
    return (float) Math.sqrt(value);
  }
}
