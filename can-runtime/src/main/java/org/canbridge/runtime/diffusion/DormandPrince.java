package org.canbridge.runtime.diffusion;

import java.util.ArrayList;
import java.util.List;
import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.runtime.objective.NoisePath;

/**
 * The embedded Runge-Kutta method of Dormand and Prince (1980), order 5 with an error estimate of
 * order 4, on the probability flow in a path's own time: {@code dopri5}, the usual solver of the
 * SiT code. The step follows from the error (Hairer, Norsett and Wanner 1993, section II.4). All
 * rows of a batch share the steps.
 *
 * @param path the path
 * @param from the first time
 * @param to the last time
 * @param tolerance how large the error of a step may be
 */
record DormandPrince(NoisePath path, double from, double to, OdeTolerance tolerance)
    implements Solver {
  private static final double SAFETY = 0.9;
  private static final double LEAST_FACTOR = 0.2;
  private static final double LARGEST_FACTOR = 10;

  /** A first step that the error estimate then corrects. */
  private static final double FIRST_STEP = 0.05;

  /** Smaller steps than this share of the run come from a flow that is no smooth function. */
  private static final double LEAST_STEP = 1e-10;

  /** Where each stage lies in a step. */
  private static final double[] NODES = {0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1, 1};

  /** The velocities' weights of each stage; the last row is the step of order 5. */
  private static final double[][] STAGES = {
    {},
    {1. / 5},
    {3. / 40, 9. / 40},
    {44. / 45, -56. / 15, 32. / 9},
    {19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
    {9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
    {35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84}
  };

  /** The step of order 5 less that of order 4. */
  private static final double[] ERROR = {
    71. / 57600, 0, -71. / 16695, 71. / 1920, -17253. / 339200, 22. / 525, -1. / 40
  };

  /** {@inheritDoc} The listener is told 0 steps in all: their number is not known beforehand. */
  @Override
  public Latents solve(Denoiser denoiser, Latents start, NoiseSource noise, StepListener listener) {
    double length = to - from;
    double time = from;
    double h = FIRST_STEP * length;
    int done = 0;
    Latents x = start;
    Prediction here = denoiser.predict(x, path.at(from));
    while (time != to) {
      boolean last = Math.abs(h) >= Math.abs(to - time);
      double step = last ? to - time : h;
      List<Latents> velocities = new ArrayList<>(List.of(here.velocity(path.at(time))));
      Latents next = x;
      Prediction there = here;
      for (int stage = 1; stage < NODES.length; stage++) {
        double at = stage >= NODES.length - 2 && last ? to : time + NODES[stage] * step;
        next = along(x, step, STAGES[stage], velocities);
        there = denoiser.predict(next, path.at(at));
        velocities.add(there.velocity(path.at(at)));
      }
      double error = error(step, velocities, x, next);
      if (error <= 1) {
        NoiseLevel left = path.at(time);
        time = last ? to : time + step;
        x = next;
        listener.onStep(new Step(++done, 0, left.timestep(), x, here.clean()));
        // The last stage of a step is the first of the next one.
        here = there;
      } else if (!(Math.abs(step) > LEAST_STEP * Math.abs(length))) {
        throw new ArithmeticException(
            "the flow at time " + time + " cannot be followed: the step fell to " + step);
      }
      double factor = SAFETY * Math.pow(error, -0.2);
      h = step * Math.max(LEAST_FACTOR, Math.min(LARGEST_FACTOR, factor));
    }
    return x;
  }

  private static Latents along(Latents x, double h, double[] weights, List<Latents> velocities) {
    Combination sum = Combination.of(1, x);
    for (int i = 0; i < weights.length; i++) {
      sum.plus(h * weights[i], velocities.get(i));
    }
    return sum.sum();
  }

  /**
   * The root mean square of the error in units of the tolerance; not a number counts as too large.
   */
  private double error(double h, List<Latents> velocities, Latents x, Latents next) {
    double sum = 0;
    for (int i = 0; i < x.values().length; i++) {
      double off = 0;
      for (int stage = 0; stage < ERROR.length; stage++) {
        off += h * ERROR[stage] * velocities.get(stage).get(i);
      }
      double magnitude = Math.max(Math.abs(x.get(i)), Math.abs(next.get(i)));
      double share = off / (tolerance.absolute() + tolerance.relative() * magnitude);
      sum += share * share;
    }
    double error = Math.sqrt(sum / x.values().length);
    return Double.isNaN(error) ? Double.POSITIVE_INFINITY : error;
  }
}
