package org.canbridge.runtime.diffusion;

/**
 * The variance-preserving process with a beta that rises linearly in time (Song et al. 2021), on
 * which U-ViT's pixel models were trained: {@code sde.py} of baofff/U-ViT.
 *
 * @param betaMin beta at time 0
 * @param betaMax beta at time 1, larger
 * @param timestepScale the network is given time times this
 */
public record LinearVp(double betaMin, double betaMax, double timestepScale)
    implements ContinuousSchedule {

  /** Checks the betas. */
  public LinearVp {
    if (!(betaMin > 0 && betaMax > betaMin && Double.isFinite(betaMax))) {
      throw new IllegalArgumentException("no linear beta from " + betaMin + " to " + betaMax);
    }
  }

  /** Beta from 0.1 to 20, timesteps 0..999: what U-ViT's pixel models know. */
  public static LinearVp uvit() {
    return new LinearVp(0.1, 20, 999);
  }

  /** The rate at which the process forgets the image. */
  public double beta(double time) {
    return betaMin + time * (betaMax - betaMin);
  }

  @Override
  public double logAlpha(double time) {
    return -0.25 * time * time * (betaMax - betaMin) - 0.5 * time * betaMin;
  }

  @Override
  public double timeOf(double lambda) {
    double twice = 2 * (betaMax - betaMin) * ContinuousSchedule.logAddExp(-2 * lambda, 0);
    return twice / (Math.sqrt(betaMin * betaMin + twice) + betaMin) / (betaMax - betaMin);
  }

  @Override
  public double timestep(double time) {
    return time * timestepScale;
  }
}
