package org.canbridge.runtime.diffusion;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.runtime.objective.NoisePath;

/**
 * DPM-Solver with adaptive step size (Lu et al. 2022, appendix C): order 12 or 23. Each step is
 * taken in two orders; their difference decides whether it stands and how long the next one is. All
 * rows of a batch share the steps, so that here, unlike in other solvers, the other images of a
 * batch have an influence.
 *
 * @param times when the run begins and ends; their spacing does not matter
 * @param order the higher order, 2 or 3
 * @param integrand the noise or the clean image
 * @param absolute absolute tolerance, 0.0078 for images in -1..1
 * @param relative relative tolerance, 0.05
 */
record AdaptiveDpmSolver(
    TimeRange times, int order, Integrand integrand, double absolute, double relative)
    implements Solver {
  private static final double FIRST_STEP = 0.05;
  private static final double SAFETY = 0.9;
  private static final double TIME_TOLERANCE = 1e-5;

  /** Checks order and form. */
  public AdaptiveDpmSolver {
    if (order < 2 || order > 3 || integrand == Integrand.DATA_SDE) {
      throw new IllegalArgumentException(
          "no adaptive DPM-Solver of order " + order + " on " + integrand);
    }
  }

  /** The published tolerances. */
  public static AdaptiveDpmSolver of(TimeRange times, int order, Integrand integrand) {
    return new AdaptiveDpmSolver(times, order, integrand, 0.0078, 0.05);
  }

  /** {@inheritDoc} The listener is told 0 steps in all: their number is not known beforehand. */
  @Override
  public Latents solve(Denoiser denoiser, Latents start, NoiseSource noise, StepListener listener) {
    NoisePath schedule = times.schedule();
    double end = schedule.lambda(times.to());
    double time = times.from();
    double h = FIRST_STEP;
    int done = 0;
    Latents x = start;
    Latents lowerBefore = start;
    while (Math.abs(time - times.to()) > TIME_TOLERANCE) {
      double lambda = schedule.lambda(time);
      double next = schedule.timeOf(lambda + h);
      List<NoiseLevel> levels = DpmSolver.evenly(schedule, time, next, order);
      Denoiser remembering = new Remembering(denoiser);
      SinglestepUpdate update = new SinglestepUpdate(remembering, integrand, Expansion.DPM_SOLVER);
      SinglestepUpdate.Result lower =
          update.apply(
              x,
              order == 2
                  ? List.of(levels.get(0), levels.get(2))
                  : List.of(levels.get(0), levels.get(1), levels.get(3)));
      SinglestepUpdate.Result higher = update.apply(x, levels);
      double error = error(lower.x(), higher.x(), lowerBefore);
      if (error <= 1) {
        x = higher.x();
        lowerBefore = lower.x();
        time = next;
        lambda = schedule.lambda(time);
        done++;
        listener.onStep(new Step(done, 0, levels.get(0).timestep(), x, higher.clean()));
      }
      h = Math.min(SAFETY * h * Math.pow(error, -1.0 / order), end - lambda);
    }
    return x;
  }

  /** The largest difference of an image in units of the tolerance, as a root mean square. */
  private double error(Latents lower, Latents higher, Latents before) {
    int size = lower.shape().size();
    double largest = 0;
    for (int row = 0; row < lower.batch(); row++) {
      double sum = 0;
      for (int i = row * size; i < (row + 1) * size; i++) {
        double magnitude = Math.max(Math.abs(lower.get(i)), Math.abs(before.get(i)));
        double off = (higher.get(i) - lower.get(i)) / Math.max(absolute, relative * magnitude);
        sum += off * off;
      }
      largest = Math.max(largest, Math.sqrt(sum / size));
    }
    return largest;
  }

  /** Asks once where two orders ask about the same state. */
  private static final class Remembering implements Denoiser {
    private record Asked(Latents x, NoiseLevel level, Prediction prediction) {}

    private final Denoiser denoiser;
    private final List<Asked> answers = new ArrayList<>();

    Remembering(Denoiser denoiser) {
      this.denoiser = denoiser;
    }

    @Override
    public Prediction predict(Latents x, NoiseLevel level) {
      for (Asked each : answers) {
        if (each.level().equals(level) && Arrays.equals(each.x().values(), x.values())) {
          return each.prediction();
        }
      }
      Prediction prediction = denoiser.predict(x, level);
      answers.add(new Asked(x, level, prediction));
      return prediction;
    }
  }
}
