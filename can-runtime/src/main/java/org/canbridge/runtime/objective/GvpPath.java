package org.canbridge.runtime.objective;

/**
 * The generalised variance-preserving path of SiT (Albergo et al. 2023; Ma et al. 2024): a quarter
 * of a circle, {@code alpha = cos(pi time / 2), sigma = sin(pi time / 2)}.
 *
 * @param scale what the network is given
 */
public record GvpPath(TimeScale scale) implements NoisePath {
  private static final double QUARTER = Math.PI / 2;

  @Override
  public NoiseLevel at(double time) {
    // The sine of the rest: the cosine of a rounded quarter turn is not 0.
    double alpha = Math.sin(QUARTER * (1 - time));
    double sigma = Math.sin(QUARTER * time);
    return new NoiseLevel(scale.timestep(time), alpha, sigma, -QUARTER * sigma, QUARTER * alpha);
  }

  @Override
  public double timeOf(double lambda) {
    return Math.atan(Math.exp(-lambda)) / QUARTER;
  }
}
