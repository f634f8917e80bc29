package org.canbridge.runtime.diffusion;

/**
 * A variance-preserving schedule as functions of time 0..1, time 1 being pure noise, for solvers
 * that visit noise levels between a network's timesteps; the interface of {@code NoiseScheduleVP}
 * in the DPM-Solver code (Lu et al. 2022).
 */
public interface ContinuousSchedule {

  /** Logarithm of the signal's factor at a time; falls with it. */
  double logAlpha(double time);

  /** The time at which half the log signal-to-noise ratio is {@code lambda}. */
  double timeOf(double lambda);

  /** What the network is given at a time. */
  double timestep(double time);

  /** The noise level at a time. */
  default NoiseLevel at(double time) {
    return NoiseLevel.ofLogAlpha(timestep(time), logAlpha(time));
  }

  /** Half the log signal-to-noise ratio at a time. */
  default double lambda(double time) {
    return at(time).lambda();
  }

  /** {@code log(exp(a) + exp(b))} without overflow. */
  static double logAddExp(double a, double b) {
    return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
  }
}
