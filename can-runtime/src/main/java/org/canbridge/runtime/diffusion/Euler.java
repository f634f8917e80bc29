package org.canbridge.runtime.diffusion;

import org.canbridge.runtime.objective.NoiseLevel;

/**
 * Euler's method on the probability flow in the sigma form (Karras et al. 2022, algorithm 1 without
 * its second half): {@code d(x / alpha) = eps d(sigma / alpha)}. The same as DDIM with eta 0.
 *
 * @param grid the noise levels
 */
record Euler(NoiseGrid grid) implements Solver {

  @Override
  public Latents solve(Denoiser denoiser, Latents start, NoiseSource noise, StepListener listener) {
    Latents x = start;
    for (int i = 0; i < grid.steps(); i++) {
      NoiseLevel from = grid.level(i);
      Prediction prediction = denoiser.predict(x, from);
      x = prediction.at(grid.level(i + 1));
      listener.onStep(new Step(i + 1, grid.steps(), from.timestep(), x, prediction.clean()));
    }
    return x;
  }
}
