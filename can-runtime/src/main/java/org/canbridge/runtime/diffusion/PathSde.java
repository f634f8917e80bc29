package org.canbridge.runtime.diffusion;

import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.runtime.objective.NoisePath;

/**
 * The stochastic equations with the distributions of a path, in equal steps of its time: {@code
 * sample_sde} of the SiT code (Ma et al. 2024), and with {@link DiffusionForm#SBDM} the reverse
 * equation of {@code sde.py} of baofff/U-ViT (Song et al. 2021). A step draws its noise before the
 * network is asked.
 *
 * @param path the path
 * @param from the first time
 * @param to the time where the last step begins; where there is none, the end
 * @param steps number of steps, the last one included
 * @param method how a step is taken
 * @param diffusion what is added to the flow
 */
record PathSde(
    NoisePath path, double from, double to, int steps, PathOde.Method method, SdeSettings diffusion)
    implements Solver {

  /** Checks the grid. */
  public PathSde {
    if (equalSteps(steps, diffusion) < 1 || !(to >= 0 && to < from && from <= 1)) {
      throw new IllegalArgumentException(
          "no stochastic run of " + steps + " steps from time " + from + " to " + to);
    }
  }

  private static int equalSteps(int steps, SdeSettings diffusion) {
    return diffusion.last() == LastStep.NONE ? steps : steps - 1;
  }

  @Override
  public Latents solve(Denoiser denoiser, Latents start, NoiseSource noise, StepListener listener) {
    int equal = equalSteps(steps, diffusion);
    double[] times = TimeSpacing.TIME_UNIFORM.times(path, from, to, equal);
    double dt = (from - to) / equal;
    Latents x = start;
    for (int i = 0; i < equal; i++) {
      NoiseLevel level = path.at(times[i]);
      double w = diffusion.form().of(level, times[i], diffusion.norm());
      Latents fresh = noise.next(x.shape());
      double scale = Math.sqrt(2 * w * dt);
      Prediction prediction;
      if (method == PathOde.Method.EULER) {
        prediction = denoiser.predict(x, level);
        x = step(x, dt, prediction, level, w).plus(scale, fresh).sum();
      } else {
        Latents noisy = Combination.of(1, x).plus(scale, fresh).sum();
        prediction = denoiser.predict(noisy, level);
        Latents ahead = step(noisy, dt, prediction, level, w).sum();
        NoiseLevel to = path.at(times[i + 1]);
        double there = diffusion.form().of(to, times[i + 1], diffusion.norm());
        Combination half = step(noisy, 0.5 * dt, prediction, level, w);
        x = step(half.sum(), 0.5 * dt, denoiser.predict(ahead, to), to, there).sum();
      }
      listener.onStep(new Step(i + 1, steps, level.timestep(), x, prediction.clean()));
    }
    return diffusion.last() == LastStep.NONE ? x : last(denoiser, x, listener);
  }

  private Latents last(Denoiser denoiser, Latents x, StepListener listener) {
    NoiseLevel level = path.at(to);
    Prediction prediction = denoiser.predict(x, level);
    double w =
        diffusion.last() == LastStep.MEAN ? diffusion.form().of(level, to, diffusion.norm()) : 0;
    Latents end =
        diffusion.last() == LastStep.TWEEDIE
            ? prediction.clean()
            : step(x, diffusion.lastSize(), prediction, level, w).sum();
    listener.onStep(new Step(steps, steps, level.timestep(), end, prediction.clean()));
    return end;
  }

  /** {@code x + dt (w score - dx / dtime)}: the step's mean, on the way to the image. */
  private static Combination step(
      Latents x, double dt, Prediction prediction, NoiseLevel level, double w) {
    return Combination.of(1, x)
        .plus(-dt, prediction.velocity(level))
        .plus(-dt * w / level.sigma(), prediction.noise());
  }
}
