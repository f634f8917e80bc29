package org.canbridge.runtime.diffusion;

import org.canbridge.runtime.objective.NoiseLevel;

/**
 * Heun's method on the probability flow in the sigma form (Karras et al. 2022, algorithm 1): two
 * calls a step, one for a step to the clean image, where no network can be asked.
 *
 * @param grid the noise levels
 */
record Heun(NoiseGrid grid) implements Solver {

  @Override
  public Latents solve(Denoiser denoiser, Latents start, NoiseSource noise, StepListener listener) {
    Latents x = start;
    for (int i = 0; i < grid.steps(); i++) {
      NoiseLevel from = grid.level(i);
      NoiseLevel to = grid.level(i + 1);
      Prediction prediction = denoiser.predict(x, from);
      Latents next = prediction.at(to);
      if (to.sigma() > 0) {
        Latents there = denoiser.predict(next, to).noise();
        double half = 0.5 * to.alpha() * (to.ratio() - from.ratio());
        next = Combination.of(1, next).plus(half, there).plus(-half, prediction.noise()).sum();
      }
      x = next;
      listener.onStep(new Step(i + 1, grid.steps(), from.timestep(), x, prediction.clean()));
    }
    return x;
  }
}
