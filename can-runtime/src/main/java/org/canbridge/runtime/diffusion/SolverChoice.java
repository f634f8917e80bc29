package org.canbridge.runtime.diffusion;

import java.util.Map;
import org.canbridge.runtime.objective.Respacing;

/** The solver of a run: one by its name, or the one that a scheduler's configuration describes. */
public sealed interface SolverChoice permits SolverName, DiffusersScheduler {

  /**
   * The solver.
   *
   * @throws IllegalArgumentException if it does not go with the schedule or the settings
   */
  Solver create(TrainedSchedule schedule, SamplingSettings settings);

  /** A denoiser whose clean image is limited to -1..1, as this solver's authors do it. */
  default Denoiser clipped(Denoiser denoiser) {
    return Thresholding.fixed(denoiser);
  }

  /**
   * Whether the rows of a batch would have an influence on each other's steps, so that each image
   * is drawn on its own.
   */
  default boolean isAdaptive() {
    return false;
  }

  /** Adds what this solver looks at, by name. */
  void describe(SolverOptions options, Map<String, String> text);

  /** How many steps people take with it. */
  Respacing usualSteps();
}
