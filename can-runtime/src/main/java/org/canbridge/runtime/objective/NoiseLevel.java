package org.canbridge.runtime.objective;

/**
 * One noise level of a path: a state here is {@code alpha x_0 + sigma eps}.
 *
 * @param timestep what the network is given at this level
 * @param alpha the signal's factor, in [0, 1]
 * @param sigma the noise's factor, in [0, 1]; 0 for the clean image
 * @param alphaRate derivative of alpha by the path's time; NaN where the level lies on no path
 * @param sigmaRate derivative of sigma by the path's time; NaN where the level lies on no path
 * @param single whether the factors of the clean image's estimate are applied as float32 numbers,
 *     as the DiT code does
 */
public record NoiseLevel(
    double timestep,
    double alpha,
    double sigma,
    double alphaRate,
    double sigmaRate,
    boolean single) {

  /** The level of clean images, which no network is asked about: its timestep is NaN. */
  public static final NoiseLevel CLEAN = ofFactors(Double.NaN, 1, 0);

  /** A level with factors in double precision. */
  public NoiseLevel(
      double timestep, double alpha, double sigma, double alphaRate, double sigmaRate) {
    this(timestep, alpha, sigma, alphaRate, sigmaRate, false);
  }

  private static NoiseLevel ofFactors(double timestep, double alpha, double sigma) {
    return new NoiseLevel(timestep, alpha, sigma, Double.NaN, Double.NaN);
  }

  /**
   * The level of a variance-preserving path with a given logarithm of alpha.
   *
   * @param timestep what the network is given
   * @param logAlpha logarithm of the signal's factor, not positive
   * @param rate its derivative by the path's time
   */
  static NoiseLevel ofLogAlpha(double timestep, double logAlpha, double rate) {
    double alpha = Math.exp(logAlpha);
    double sigma = Math.sqrt(-Math.expm1(2 * logAlpha));
    return new NoiseLevel(timestep, alpha, sigma, alpha * rate, -alpha * alpha * rate / sigma);
  }

  /**
   * The level of a variance-preserving process with a given ratio of noise to signal: the sigma of
   * Karras et al. (2022) and of diffusers' schedulers.
   *
   * @param timestep what the network is given
   * @param ratio {@code sigma / alpha}, not negative
   */
  public static NoiseLevel ofRatio(double timestep, double ratio) {
    double alpha = 1 / Math.sqrt(ratio * ratio + 1);
    return ofFactors(timestep, alpha, ratio * alpha);
  }

  /**
   * The level of a variance-preserving process with a given signal's share of variance.
   *
   * @param timestep what the network is given
   * @param alphaCumprod square of alpha
   */
  public static NoiseLevel ofAlphaCumprod(double timestep, double alphaCumprod) {
    return ofFactors(timestep, Math.sqrt(alphaCumprod), Math.sqrt(1 - alphaCumprod));
  }

  /** The same level with the clean image's estimate in float32 factors. */
  public NoiseLevel inSinglePrecision() {
    return new NoiseLevel(timestep, alpha, sigma, alphaRate, sigmaRate, true);
  }

  /**
   * Half the logarithm of the signal-to-noise ratio; infinite for the clean image, minus infinity
   * for pure noise.
   */
  public double lambda() {
    return Math.log(alpha) - Math.log(sigma);
  }

  /** Noise over signal, {@code sigma / alpha}; infinite for pure noise. */
  public double ratio() {
    return sigma / alpha;
  }
}
