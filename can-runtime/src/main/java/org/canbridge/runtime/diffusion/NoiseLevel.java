package org.canbridge.runtime.diffusion;

/**
 * One noise level of a variance-preserving process: a state here is {@code alpha x_0 + sigma eps}.
 *
 * @param timestep what the network is given at this level
 * @param alpha the signal's factor, in (0, 1]
 * @param sigma the noise's factor, in [0, 1]; 0 for the clean image
 */
public record NoiseLevel(double timestep, double alpha, double sigma) {

  /** The level of clean images, which no network is asked about: its timestep is NaN. */
  static final NoiseLevel CLEAN = new NoiseLevel(Double.NaN, 1, 0);

  /**
   * The level with a given logarithm of alpha.
   *
   * @param timestep what the network is given
   * @param logAlpha logarithm of the signal's factor, not positive
   */
  static NoiseLevel ofLogAlpha(double timestep, double logAlpha) {
    return new NoiseLevel(timestep, Math.exp(logAlpha), Math.sqrt(-Math.expm1(2 * logAlpha)));
  }

  /**
   * The level with a given ratio of noise to signal: the sigma of Karras et al. (2022) and of
   * diffusers' schedulers.
   *
   * @param timestep what the network is given
   * @param ratio {@code sigma / alpha}, not negative
   */
  static NoiseLevel ofRatio(double timestep, double ratio) {
    double alpha = 1 / Math.sqrt(ratio * ratio + 1);
    return new NoiseLevel(timestep, alpha, ratio * alpha);
  }

  /**
   * The level with a given signal's share of variance.
   *
   * @param timestep what the network is given
   * @param alphaCumprod square of alpha
   */
  static NoiseLevel ofAlphaCumprod(double timestep, double alphaCumprod) {
    return new NoiseLevel(timestep, Math.sqrt(alphaCumprod), Math.sqrt(1 - alphaCumprod));
  }

  /** Half the logarithm of the signal-to-noise ratio; infinite for the clean image. */
  public double lambda() {
    return Math.log(alpha) - Math.log(sigma);
  }

  /** Noise over signal, {@code sigma / alpha}. */
  public double ratio() {
    return sigma / alpha;
  }

  /** The clean image {@code (x - sigma eps) / alpha} that a state and its noise stand for. */
  Latents clean(Latents x, Latents epsilon) {
    return Combination.of(1 / alpha, x).plus(-sigma / alpha, epsilon).sum();
  }

  /** The noise {@code (x - alpha x_0) / sigma} that a state and its clean image stand for. */
  Latents epsilon(Latents x, Latents clean) {
    return Combination.of(1 / sigma, x).plus(-alpha / sigma, clean).sum();
  }
}
