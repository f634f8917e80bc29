package org.canbridge.runtime.diffusion;

import java.util.Objects;
import java.util.OptionalInt;

/**
 * What some solvers look at and others do not.
 *
 * @param eta noise of {@link Ddim}, 0..1
 * @param fixedVariance variance of {@link Ddpm} for networks that learned none
 * @param order highest order of DPM-Solver and UniPC, 1 to 3; empty for the usual one
 * @param spacing how multistep and sigma-form solvers choose timesteps of a discrete schedule
 * @param karras whether they take the noise levels of Karras et al. instead
 * @param tolerance of {@link DormandPrince}
 * @param diffusion of {@link PathSde}
 */
public record SolverOptions(
    double eta,
    Ddpm.FixedVariance fixedVariance,
    OptionalInt order,
    TimestepSpacing spacing,
    boolean karras,
    OdeTolerance tolerance,
    SdeSettings diffusion) {
  /** Eta 0, the large variance, the usual order, evenly spread timesteps; SiT's for flows. */
  public static final SolverOptions DEFAULTS =
      new SolverOptions(
          0,
          Ddpm.FixedVariance.LARGE,
          OptionalInt.empty(),
          TimestepSpacing.LINSPACE,
          false,
          OdeTolerance.USUAL,
          SdeSettings.USUAL);

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if eta leaves 0..1 or the order 1..3
   */
  public SolverOptions {
    Objects.requireNonNull(fixedVariance);
    Objects.requireNonNull(spacing);
    Objects.requireNonNull(tolerance);
    Objects.requireNonNull(diffusion);
    if (!(eta >= 0 && eta <= 1)) {
      throw new IllegalArgumentException("eta must lie in 0..1, not " + eta);
    }
    if (order.isPresent() && (order.getAsInt() < 1 || order.getAsInt() > 3)) {
      throw new IllegalArgumentException("the order must be 1 to 3, not " + order.getAsInt());
    }
  }

  /** With another eta. */
  public SolverOptions withEta(double value) {
    return new SolverOptions(value, fixedVariance, order, spacing, karras, tolerance, diffusion);
  }

  /** With another fixed variance. */
  public SolverOptions withFixedVariance(Ddpm.FixedVariance value) {
    return new SolverOptions(eta, value, order, spacing, karras, tolerance, diffusion);
  }

  /** With another order. */
  public SolverOptions withOrder(int value) {
    return new SolverOptions(
        eta, fixedVariance, OptionalInt.of(value), spacing, karras, tolerance, diffusion);
  }

  /** With another spacing of timesteps. */
  public SolverOptions withSpacing(TimestepSpacing value) {
    return new SolverOptions(eta, fixedVariance, order, value, karras, tolerance, diffusion);
  }

  /** With or without the noise levels of Karras et al. */
  public SolverOptions withKarras(boolean value) {
    return new SolverOptions(eta, fixedVariance, order, spacing, value, tolerance, diffusion);
  }

  /** With another tolerance of adaptive solvers. */
  public SolverOptions withTolerance(OdeTolerance value) {
    return new SolverOptions(eta, fixedVariance, order, spacing, karras, value, diffusion);
  }

  /** With other noise in stochastic runs. */
  public SolverOptions withDiffusion(SdeSettings value) {
    return new SolverOptions(eta, fixedVariance, order, spacing, karras, tolerance, value);
  }
}
