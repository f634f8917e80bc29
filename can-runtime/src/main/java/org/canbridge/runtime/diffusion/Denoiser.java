package org.canbridge.runtime.diffusion;

import org.canbridge.runtime.objective.NoiseLevel;

/**
 * The one contract that solvers know: image and noise in a state. What the network predicts, how
 * many times it is called and on what condition is the business of adapters ({@link
 * NetworkDenoiser}, {@link GuidedNetwork}, {@link Thresholding}), so that no solver branches on any
 * of it or divides by the signal's factor, which may be 0.
 */
@FunctionalInterface
public interface Denoiser {

  /**
   * Estimates image and noise.
   *
   * @param x the state, {@code (B, C, H, W)}; not to be written to
   * @param level how noisy the state is, with the timestep that the network is given, e.g. 0..999
   *     for DiT; the same for all rows
   */
  Prediction predict(Latents x, NoiseLevel level);
}
