package org.canbridge.runtime.diffusion;

import java.util.ArrayList;
import java.util.List;
import org.canbridge.runtime.objective.NoiseLevel;

/**
 * The multistep DPM-Solver and DPM-Solver++ (Lu et al. 2022b, algorithm 2: 2M; 3M likewise): one
 * call a step, derivatives from the steps before. The first steps have the lower orders that their
 * history allows.
 *
 * <p>The published third-order step takes half of the second derivative where the expansion asks
 * for all of it, and so converges with order 2; {@link Expansion#DPM_SOLVER} reproduces it, {@link
 * Expansion#TAYLOR} has order 3.
 *
 * @param grid the noise levels; ends at the clean image only with a data form
 * @param order highest order of a step, 1 to 3 (2 for the stochastic form)
 * @param integrand the noise (DPM-Solver) or the clean image (DPM-Solver++)
 * @param expansion of second- and third-order steps
 * @param finalOrder orders of the last steps
 */
record DpmSolverMultistep(
    NoiseGrid grid, int order, Integrand integrand, Expansion expansion, FinalOrder finalOrder)
    implements Solver {
  /** Runs of fewer steps are unstable when the last ones keep their order. */
  private static final int SHORT = 15;

  /** Whether orders are lowered in the last steps; to the clean image the last is always 1. */
  public enum FinalOrder {
    /** They are not. */
    KEPT,
    /** In runs of fewer than 15 steps: at most 2, then 1 ({@code lower_order_final}). */
    LOWERED_WHEN_SHORT,
    /** The same, and the last step has order 1 in every run ({@code euler_at_final}). */
    FIRST
  }

  /** One call: where, and the integrand there. */
  private record Sample(NoiseLevel level, Latents value) {}

  /**
   * Checks the combination.
   *
   * @throws IllegalArgumentException if the order is none of these, or the noise form is to end at
   *     the clean image, where its integral diverges
   */
  public DpmSolverMultistep {
    int highest = integrand == Integrand.DATA_SDE ? 2 : 3;
    if (order < 1 || order > highest) {
      throw new IllegalArgumentException("the order must be 1 to " + highest + ", not " + order);
    }
    ExponentialStep.checkEnd(integrand, grid);
  }

  @Override
  public Latents solve(Denoiser denoiser, Latents start, NoiseSource noise, StepListener listener) {
    List<Sample> history = new ArrayList<>();
    Latents x = start;
    for (int i = 0; i < grid.steps(); i++) {
      NoiseLevel from = grid.level(i);
      Prediction prediction = denoiser.predict(x, from);
      history.add(0, new Sample(from, integrand.of(prediction)));
      ExponentialStep step = integrand.step(from, grid.level(i + 1));
      Combination next = step(step, x, history.subList(0, orderOf(i)), grid.level(i + 1));
      if (integrand == Integrand.DATA_SDE) {
        next.plus(step.noise(), noise.next(x.shape()));
      }
      x = next.sum();
      listener.onStep(new Step(i + 1, grid.steps(), from.timestep(), x, prediction.clean()));
      if (history.size() == order) {
        history.remove(order - 1);
      }
    }
    return x;
  }

  /** The order of one step, 1 to what the history allows. */
  private int orderOf(int step) {
    int left = grid.steps() - step;
    boolean lowered = finalOrder != FinalOrder.KEPT && grid.steps() < SHORT;
    boolean first = lowered || finalOrder == FinalOrder.FIRST || grid.level(step + 1).sigma() == 0;
    int limit = left == 1 && first ? 1 : left == 2 && lowered ? 2 : order;
    return Math.min(Math.min(order, limit), step + 1);
  }

  /** The step of the order that the history has. */
  private Combination step(ExponentialStep step, Latents x, List<Sample> history, NoiseLevel to) {
    Combination next = step.first(x, history.get(0).value());
    if (history.size() == 1) {
      return next;
    }
    double h = to.lambda() - history.get(0).level().lambda();
    Latents d10 = slope(history.get(0), history.get(1), h);
    if (history.size() == 2) {
      double factor = expansion == Expansion.TAYLOR ? step.phi2() : 0.5 * step.phi1();
      return next.plus(-step.scale() * factor, d10);
    }
    Latents d11 = slope(history.get(1), history.get(2), h);
    double r0 = (history.get(0).level().lambda() - history.get(1).level().lambda()) / h;
    double r1 = (history.get(1).level().lambda() - history.get(2).level().lambda()) / h;
    double share = r0 / (r0 + r1);
    Latents d1 = Combination.of(1 + share, d10).plus(-share, d11).sum();
    double curvature = (expansion == Expansion.TAYLOR ? 2 : 1) / (r0 + r1);
    Latents d2 = Combination.of(curvature, d10).plus(-curvature, d11).sum();
    return next.plus(-step.scale() * step.phi2(), d1).plus(-step.scale() * step.phi3(), d2);
  }

  /** The slope of the integrand between two samples, per h. */
  private static Latents slope(Sample later, Sample earlier, double h) {
    double r = (later.level().lambda() - earlier.level().lambda()) / h;
    return Combination.of(1 / r, later.value()).plus(-1 / r, earlier.value()).sum();
  }
}
