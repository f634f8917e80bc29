package org.canbridge.runtime.diffusion;

import java.util.Map;

/** The solver of a run: one by its name, or the one that a scheduler's configuration describes. */
public sealed interface SolverChoice permits SolverName, DiffusersScheduler {

  /**
   * The solver.
   *
   * @throws IllegalArgumentException if it does not go with the schedule or the settings
   */
  Solver create(TrainedSchedule schedule, SamplingSettings settings);

  /** Whether the solver clips the clean image; if not, its denoiser has to. */
  boolean clipsItself();

  /** Adds what this solver looks at, by name. */
  void describe(SolverOptions options, Map<String, String> text);

  /** How many steps people take with it. */
  Respacing usualSteps();
}
