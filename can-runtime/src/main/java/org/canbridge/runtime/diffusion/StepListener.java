package org.canbridge.runtime.diffusion;

/**
 * Follows a run: a progress bar, previews, or the proof that every step agrees with a reference.
 */
@FunctionalInterface
public interface StepListener {
  /** Listens to nothing. */
  StepListener NONE = step -> {};

  /** Called on the solver's thread after each step. */
  void onStep(Step step);
}
