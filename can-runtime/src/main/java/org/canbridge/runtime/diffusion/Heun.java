package org.canbridge.runtime.diffusion;

/**
 * Heun's method on the probability flow in the sigma form (Karras et al. 2022, algorithm 1): two
 * calls a step, one for a step to the clean image, where no network can be asked.
 *
 * @param grid the noise levels
 */
public record Heun(NoiseGrid grid) implements Solver {

  @Override
  public Latents solve(Denoiser denoiser, Latents start, NoiseSource noise, StepListener listener) {
    Latents x = start;
    for (int i = 0; i < grid.steps(); i++) {
      NoiseLevel from = grid.level(i);
      NoiseLevel to = grid.level(i + 1);
      Latents epsilon = denoiser.predict(x, from).epsilon();
      Latents clean = from.clean(x, epsilon);
      Latents next = Euler.step(x, epsilon, from, to);
      if (to.sigma() > 0) {
        Latents there = denoiser.predict(next, to).epsilon();
        Latents mean = Combination.of(0.5, epsilon).plus(0.5, there).sum();
        next = Euler.step(x, mean, from, to);
      }
      x = next;
      listener.onStep(new Step(i + 1, grid.steps(), from.timestep(), x, clean));
    }
    return x;
  }
}
