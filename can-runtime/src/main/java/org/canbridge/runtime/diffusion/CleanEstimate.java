package org.canbridge.runtime.diffusion;

/**
 * The estimate of the clean image at one index, {@code x_0 = a x - b eps}, and its inverse, with
 * the coefficients rounded to float32 as the DiT code does.
 *
 * @param a {@code sqrt(1 / alphaCumprod)}
 * @param b {@code sqrt(1 / alphaCumprod - 1)}
 */
record CleanEstimate(float a, float b) {

  static CleanEstimate of(NoiseSchedule schedule, int i) {
    return new CleanEstimate(
        (float) schedule.sqrtRecipAlphaCumprod(i), (float) schedule.sqrtRecipm1AlphaCumprod(i));
  }

  Latents denoise(Latents x, Latents epsilon, boolean clip) {
    Latents denoised =
        Latents.generate(x.batch(), x.shape(), k -> a * x.get(k) - b * epsilon.get(k));
    return clip ? denoised.clamp(1) : denoised;
  }

  /** The noise that a (clipped) estimate stands for, at one flat index. */
  double epsilon(Latents x, Latents denoised, int k) {
    return (a * x.get(k) - denoised.get(k)) / b;
  }
}
