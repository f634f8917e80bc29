package org.canbridge.runtime.diffusion;

import java.util.Optional;
import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.runtime.objective.Parameterization;

/**
 * What a {@link Denoiser} says about a state {@code x = alpha x_0 + sigma eps}.
 *
 * @param clean the image in the state, x_0, {@code (B, C, H, W)}
 * @param noise the noise in the state, eps, {@code (B, C, H, W)}
 * @param variance the learned variance value v, {@code (B, C, H, W)}: -1 stands for the smallest
 *     possible log variance of the reverse step, 1 for the largest (Nichol and Dhariwal 2021);
 *     empty where the network does not learn it
 */
public record Prediction(Latents clean, Latents noise, Optional<Latents> variance) {

  /**
   * What a network's output stands for.
   *
   * @param x the state
   * @param output of the same shape
   */
  public static Prediction of(
      Parameterization parameterization,
      Latents x,
      Latents output,
      NoiseLevel level,
      Optional<Latents> variance) {
    Parameterization.Estimate estimate = parameterization.estimate(level);
    return new Prediction(
        estimated(x, estimate.cleanOfState(), output, estimate.cleanOfOutput()),
        estimated(x, estimate.noiseOfState(), output, estimate.noiseOfOutput()),
        variance);
  }

  /** A factor of 0 keeps what has no bound out of the sum. */
  private static Latents estimated(Latents x, double ofState, Latents output, double ofOutput) {
    if (ofState == 0) {
      return ofOutput == 1 ? output : Combination.of(ofOutput, output).sum();
    }
    return Combination.of(ofState, x).plus(ofOutput, output).sum();
  }

  /** The velocity {@code dx / dtime} of the path's flow at a level that lies on one. */
  Latents velocity(NoiseLevel level) {
    return Combination.of(level.alphaRate(), clean).plus(level.sigmaRate(), noise).sum();
  }

  /** The state at another level with the same image and noise: a straight step along both. */
  Latents at(NoiseLevel level) {
    return Combination.of(level.alpha(), clean).plus(level.sigma(), noise).sum();
  }
}
