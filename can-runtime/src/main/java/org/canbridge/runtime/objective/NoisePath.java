package org.canbridge.runtime.objective;

/**
 * A path from the clean image at time 0 to pure noise at time 1, {@code x = alpha(time) x_0 +
 * sigma(time) eps}: a variance-preserving process or an interpolant of flow matching. For solvers
 * that visit noise levels between a network's timesteps; the interface of {@code NoiseScheduleVP}
 * in the DPM-Solver code (Lu et al. 2022) and of the path plans in the SiT code (Ma et al. 2024),
 * which count time the other way.
 */
public interface NoisePath {

  /**
   * The noise level at a time, with the derivatives of its factors.
   *
   * @param time 0 (clean) to 1 (noise)
   */
  NoiseLevel at(double time);

  /**
   * The time at which half the log signal-to-noise ratio is {@code lambda}; minus infinity where
   * nothing is left of the signal.
   */
  double timeOf(double lambda);

  /** Half the log signal-to-noise ratio at a time; falls with it. */
  default double lambda(double time) {
    return at(time).lambda();
  }

  /** {@code log(exp(a) + exp(b))} without overflow. */
  static double logAddExp(double a, double b) {
    return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
  }
}
