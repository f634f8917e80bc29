package org.canbridge.runtime.diffusion;

/** Takes a batch from pure noise to images: one small function over a {@link Denoiser}. */
public interface Solver {

  /**
   * Runs all steps.
   *
   * @param denoiser what the network says, guidance included
   * @param start pure noise x_T, {@code (B, C, H, W)}; not written to
   * @param noise standard normal numbers for the steps, drawn in the order of the steps
   * @param listener told after each step
   * @return x_0, {@code (B, C, H, W)}
   */
  Latents solve(Denoiser denoiser, Latents start, NoiseSource noise, StepListener listener);
}
