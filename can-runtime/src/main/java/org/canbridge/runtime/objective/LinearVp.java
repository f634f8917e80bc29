package org.canbridge.runtime.objective;

/**
 * The variance-preserving process with a beta that rises linearly in time (Song et al. 2021), on
 * which U-ViT's pixel models were trained, {@code sde.py} of baofff/U-ViT, and SiT's models on its
 * VP path.
 *
 * @param betaMin beta at time 0
 * @param betaMax beta at time 1, larger
 * @param scale what the network is given
 */
public record LinearVp(double betaMin, double betaMax, TimeScale scale) implements NoisePath {

  /** Checks the betas. */
  public LinearVp {
    if (!(betaMin > 0 && betaMax > betaMin && Double.isFinite(betaMax))) {
      throw new IllegalArgumentException("no linear beta from " + betaMin + " to " + betaMax);
    }
  }

  /** The rate at which the process forgets the image. */
  public double beta(double time) {
    return betaMin + time * (betaMax - betaMin);
  }

  @Override
  public NoiseLevel at(double time) {
    double logAlpha = -0.25 * time * time * (betaMax - betaMin) - 0.5 * time * betaMin;
    return NoiseLevel.ofLogAlpha(scale.timestep(time), logAlpha, -0.5 * beta(time));
  }

  @Override
  public double timeOf(double lambda) {
    double twice = 2 * (betaMax - betaMin) * NoisePath.logAddExp(-2 * lambda, 0);
    return twice / (Math.sqrt(betaMin * betaMin + twice) + betaMin) / (betaMax - betaMin);
  }
}
