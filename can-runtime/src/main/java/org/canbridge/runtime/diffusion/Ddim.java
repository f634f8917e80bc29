package org.canbridge.runtime.diffusion;

/**
 * DDIM (Song, Meng and Ermon 2021, eq. 12) on a respaced schedule; {@code ddim_sample_loop} of the
 * DiT code. With {@code eta} 0 the run is deterministic, with 1 it adds as much noise as {@link
 * Ddpm} with the small variance. A learned variance is not used.
 *
 * <p>Like that code, each coefficient is rounded to float32 and combined in float32, and noise is
 * drawn at every step, used or not.
 *
 * @param schedule the respaced schedule
 * @param eta share of the noise, not negative
 * @param clipDenoised whether the estimate of the clean image is limited to -1..1 at each step
 */
public record Ddim(NoiseSchedule schedule, double eta, boolean clipDenoised) implements Solver {

  /** Checks eta. */
  public Ddim {
    if (!(eta >= 0 && eta <= 1)) {
      throw new IllegalArgumentException("eta must lie in 0..1, not " + eta);
    }
  }

  @Override
  public Latents solve(Denoiser denoiser, Latents start, NoiseSource noise, StepListener listener) {
    int steps = schedule.steps();
    Latents x = start;
    for (int i = steps - 1; i >= 0; i--) {
      int timestep = schedule.timestep(i);
      Latents epsilon = denoiser.predict(x, timestep).epsilon();
      CleanEstimate estimate = CleanEstimate.of(schedule, i);
      Latents denoised = estimate.denoise(x, epsilon, clipDenoised);
      x = step(i, x, denoised, estimate, noise.next(x.shape()));
      listener.onStep(new Step(steps - i, steps, timestep, x, denoised));
    }
    return x;
  }

  private Latents step(int i, Latents x, Latents denoised, CleanEstimate estimate, Latents noise) {
    float here = (float) schedule.alphaCumprod(i);
    float next = (float) schedule.alphaCumprodPrev(i);
    float sigma = (float) eta * sqrt((1 - next) / (1 - here)) * sqrt(1 - here / next);
    float signal = sqrt(next);
    // With eta 1 and few steps the rounded sigma can be an ulp too large.
    float direction = sqrt(Math.max(0, 1 - next - sigma * sigma));
    return Latents.generate(
        x.batch(),
        x.shape(),
        k ->
            signal * denoised.get(k)
                + direction * estimate.epsilon(x, denoised, k)
                + sigma * noise.get(k));
  }

  private static float sqrt(float value) {
    return (float) Math.sqrt(value);
  }
}
