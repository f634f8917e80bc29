package org.canbridge.runtime.diffusion;

import org.canbridge.runtime.objective.NoiseSchedule;

/** The solver that a scheduler's fields describe, but for what is decided run by run. */
@FunctionalInterface
interface SchedulerSteps {

  /**
   * The solver of one run.
   *
   * @param schedule what the model was trained on
   * @param steps how many steps
   * @param settings eta, and whether to clip where the fields do not
   * @throws IllegalArgumentException if the schedule has too few timesteps
   */
  Solver solver(TrainedSchedule schedule, int steps, SamplingSettings settings);

  /** A solver that visits the steps of a discrete schedule. */
  @FunctionalInterface
  interface OnSteps {
    /** The solver of one run on the full schedule. */
    Solver solver(NoiseSchedule schedule, int steps, SamplingSettings settings);
  }

  /** As one that needs a discrete schedule. */
  static SchedulerSteps of(OnSteps solver) {
    return (schedule, steps, settings) ->
        solver.solver(schedule.steps("schedulers of diffusers"), steps, settings);
  }
}
