package org.canbridge.runtime.diffusion;

/** How a DPM-Solver step uses what it knows of the integrand's derivatives. */
public enum Expansion {
  /** The published form: {@code dpm_solver}; diffusers calls it {@code midpoint}. */
  DPM_SOLVER,
  /** The Taylor expansion itself: {@code taylor}; diffusers calls it {@code heun}. */
  TAYLOR
}
