package org.canbridge.runtime.diffusion;

import org.canbridge.runtime.objective.NoiseLevel;

/**
 * What an exponential integrator takes as a smooth function of lambda, half the log signal-to-noise
 * ratio, while it integrates the linear rest exactly.
 */
public enum Integrand {
  /** The noise: DPM-Solver (Lu et al. 2022). */
  NOISE,
  /** The clean image: DPM-Solver++ (Lu et al. 2022b). */
  DATA,
  /** The clean image in the reverse stochastic equation: SDE-DPM-Solver++. */
  DATA_SDE;

  /** The function's value. */
  Latents of(Prediction prediction) {
    return this == NOISE ? prediction.noise() : prediction.clean();
  }

  /** The exact solution between two levels for a function that is a polynomial of lambda. */
  ExponentialStep step(NoiseLevel from, NoiseLevel to) {
    double h = to.lambda() - from.lambda();
    double sigmaRatio = to.sigma() / from.sigma();
    return switch (this) {
      case NOISE -> new ExponentialStep(to.alpha() / from.alpha(), to.sigma(), h, 0);
      case DATA -> new ExponentialStep(sigmaRatio, to.alpha(), -h, 0);
      case DATA_SDE ->
          new ExponentialStep(
              sigmaRatio * Math.exp(-h),
              to.alpha(),
              -2 * h,
              to.sigma() * Math.sqrt(-Math.expm1(-2 * h)));
    };
  }
}
