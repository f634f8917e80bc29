package org.canbridge.runtime.diffusion;

import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.runtime.objective.NoisePath;

/**
 * The probability flow {@code dx / dtime = alpha' x_0 + sigma' eps} in equal steps of a path's own
 * time: {@code sample_ode} of the SiT code (Ma et al. 2024) with torchdiffeq's {@code euler} and
 * {@code heun2}. From a clean image up to noise it gives the noise that stands for the image.
 */
final class PathOde implements Solver {
  private final NoisePath path;
  private final double[] times;
  private final Method method;

  /** Methods with a fixed step. */
  public enum Method {
    /** One call a step. */
    EULER,
    /** The mean of the velocities at both ends: two calls a step. */
    HEUN
  }

  /**
   * A run.
   *
   * @param path the path
   * @param times where it passes, all steps one way; the last one ends it
   * @param method how a step is taken
   */
  public PathOde(NoisePath path, double[] times, Method method) {
    if (times.length < 2) {
      throw new IllegalArgumentException("a run needs at least 2 times");
    }
    this.path = path;
    this.times = times.clone();
    this.method = method;
  }

  /**
   * Equal steps.
   *
   * @param steps number of steps, at least 1
   */
  public static PathOde evenly(NoisePath path, double from, double to, int steps, Method method) {
    return new PathOde(path, TimeSpacing.TIME_UNIFORM.times(path, from, to, steps), method);
  }

  @Override
  public Latents solve(Denoiser denoiser, Latents start, NoiseSource noise, StepListener listener) {
    Latents x = start;
    for (int i = 0; i + 1 < times.length; i++) {
      NoiseLevel level = path.at(times[i]);
      double dt = times[i + 1] - times[i];
      Prediction prediction = denoiser.predict(x, level);
      Latents velocity = prediction.velocity(level);
      Latents next = Combination.of(1, x).plus(dt, velocity).sum();
      if (method == Method.HEUN) {
        NoiseLevel to = path.at(times[i + 1]);
        Latents there = denoiser.predict(next, to).velocity(to);
        next = Combination.of(1, x).plus(0.5 * dt, velocity).plus(0.5 * dt, there).sum();
      }
      x = next;
      listener.onStep(new Step(i + 1, times.length - 1, level.timestep(), x, prediction.clean()));
    }
    return x;
  }
}
