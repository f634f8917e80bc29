package org.canbridge.runtime.diffusion;

import java.util.function.IntToDoubleFunction;

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
 * @param clipping whether the estimate of the clean image is limited to -1..1 at each step
 */
public record Ddim(NoiseSchedule schedule, double eta, Clipping clipping) implements OneStepSolver {

  /** What happens to the estimates of the clean image and of the noise at each step. */
  public enum Clipping {
    /** Neither is changed. */
    NONE,
    /**
     * The clean image is limited to -1..1, and the noise is the one that belongs to what is left:
     * the DiT code.
     */
    NOISE_FOLLOWS,
    /** The clean image is limited to -1..1, the noise stays as predicted: diffusers. */
    NOISE_STAYS
  }

  /** Clipping as in the DiT code, or none. */
  public Ddim(NoiseSchedule schedule, double eta, boolean clipDenoised) {
    this(schedule, eta, clipDenoised ? Clipping.NOISE_FOLLOWS : Clipping.NONE);
  }

  /** Checks eta. */
  public Ddim {
    if (!(eta >= 0 && eta <= 1)) {
      throw new IllegalArgumentException("eta must lie in 0..1, not " + eta);
    }
  }

  @Override
  public Result step(int i, Latents x, Prediction prediction, Latents noise) {
    CleanEstimate estimate = CleanEstimate.of(schedule, i);
    Latents predicted = prediction.epsilon();
    Latents denoised = estimate.denoise(x, predicted, clipping != Clipping.NONE);
    IntToDoubleFunction epsilon =
        clipping == Clipping.NOISE_STAYS ? predicted::get : k -> estimate.epsilon(x, denoised, k);
    float here = (float) schedule.alphaCumprod(i);
    float next = (float) schedule.alphaCumprodPrev(i);
    float sigma = (float) eta * sqrt((1 - next) / (1 - here)) * sqrt(1 - here / next);
    float signal = sqrt(next);
    // With eta 1 and few steps the rounded sigma can be an ulp too large.
    float direction = sqrt(Math.max(0, 1 - next - sigma * sigma));
    Latents state =
        Latents.generate(
            x.batch(),
            x.shape(),
            k ->
                signal * denoised.get(k)
                    + direction * epsilon.applyAsDouble(k)
                    + sigma * noise.get(k));
    return new Result(state, denoised);
  }

  private static float sqrt(float value) {
    return (float) Math.sqrt(value);
  }
}
