package org.canbridge.runtime.diffusion;

import org.canbridge.runtime.objective.NoiseSchedule;

/** The solver that a scheduler's fields describe, but for what is decided run by run. */
@FunctionalInterface
interface SchedulerSteps {

  /**
   * The solver of one run.
   *
   * @param schedule the full schedule
   * @param steps how many steps
   * @param settings eta, and whether to clip where the fields do not
   * @throws IllegalArgumentException if the schedule has too few timesteps
   */
  Solver solver(NoiseSchedule schedule, int steps, SamplingSettings settings);
}
