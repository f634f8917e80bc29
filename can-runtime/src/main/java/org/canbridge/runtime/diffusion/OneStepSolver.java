package org.canbridge.runtime.diffusion;

import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.runtime.objective.NoiseSchedule;

/**
 * A solver whose every step looks at one state and asks the denoiser once, from the last index of
 * its schedule down to 0.
 */
interface OneStepSolver extends Solver {

  /** The respaced schedule, one index a step. */
  NoiseSchedule schedule();

  /**
   * One step from the state at index {@code i} to the one before it (the image, for index 0).
   *
   * @param i the state's index in the schedule
   * @param x the state, {@code (B, C, H, W)}
   * @param prediction what the denoiser says about the state
   * @param noise standard normal numbers, {@code (B, C, H, W)}
   * @return the next state
   */
  Latents step(int i, Latents x, Prediction prediction, Latents noise);

  /**
   * Draws noise at every step, the last one included, and asks for estimates of the clean image in
   * single precision, as the DiT code does.
   */
  @Override
  default Latents solve(
      Denoiser denoiser, Latents start, NoiseSource noise, StepListener listener) {
    int steps = schedule().steps();
    Latents x = start;
    for (int i = steps - 1; i >= 0; i--) {
      NoiseLevel level = schedule().level(i).inSinglePrecision();
      Prediction prediction = denoiser.predict(x, level);
      x = step(i, x, prediction, noise.next(x.shape()));
      listener.onStep(new Step(steps - i, steps, level.timestep(), x, prediction.clean()));
    }
    return x;
  }
}
