package org.canbridge.runtime.diffusion;

/**
 * The Euler-Maruyama method in time on the reverse stochastic equation or the probability flow of a
 * variance-preserving process (Song et al. 2021), as {@code sde.py} of baofff/U-ViT runs it: equal
 * steps down to a least time, then one step to 0 without noise.
 *
 * @param process the process
 * @param kind which equation
 * @param steps number of steps, at least 2
 * @param least the time before the last step, 0.001 in that code
 */
public record EulerMaruyama(LinearVp process, Kind kind, int steps, double least)
    implements Solver {

  /** The two equations with the same distributions at every time. */
  public enum Kind {
    /** The reverse stochastic equation. */
    SDE,
    /** The ordinary equation of the probability flow. */
    ODE
  }

  /** Checks the grid. */
  public EulerMaruyama {
    if (steps < 2 || !(least > 0 && least < 1)) {
      throw new IllegalArgumentException("no run of " + steps + " steps down to time " + least);
    }
  }

  @Override
  public Latents solve(Denoiser denoiser, Latents start, NoiseSource noise, StepListener listener) {
    Latents x = start;
    for (int i = 0; i < steps; i++) {
      double time = time(i);
      double dt = time - (i + 1 == steps ? 0 : time(i + 1));
      NoiseLevel level = process.at(time);
      double beta = process.beta(time);
      Latents epsilon = denoiser.predict(x, level).epsilon();
      Latents clean = level.clean(x, epsilon);
      double share = kind == Kind.SDE ? 1 : 0.5;
      Combination next =
          Combination.of(1 + 0.5 * beta * dt, x).plus(-share * beta * dt / level.sigma(), epsilon);
      if (kind == Kind.SDE && i + 1 < steps) {
        next.plus(Math.sqrt(beta * dt), noise.next(x.shape()));
      }
      x = next.sum();
      listener.onStep(new Step(i + 1, steps, level.timestep(), x, clean));
    }
    return x;
  }

  private double time(int i) {
    return 1 + (least - 1) * i / (steps - 1);
  }
}
