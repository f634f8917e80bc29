package org.canbridge.runtime.diffusion;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.runtime.objective.NoisePath;

/**
 * The singlestep DPM-Solver (Lu et al. 2022) and its ++ form on the data: every step samples the
 * integrand as often as its order says.
 */
public final class DpmSolver implements Solver {
  private final List<List<NoiseLevel>> steps;
  private final Integrand integrand;
  private final Expansion expansion;

  private DpmSolver(List<List<NoiseLevel>> steps, Integrand integrand, Expansion expansion) {
    if (integrand == Integrand.DATA_SDE) {
      throw new IllegalArgumentException("the singlestep solver has no stochastic form");
    }
    this.steps = steps;
    this.integrand = integrand;
    this.expansion = expansion;
  }

  /**
   * Steps of one order; {@code singlestep} in the DPM-Solver code. The levels on the way lie at
   * equal fractions of lambda.
   *
   * @param times when the run begins and ends, and how times are spread between
   * @param order of every step, 1 to 3
   * @param evaluations number of calls; rounded down to a multiple of the order
   */
  public static DpmSolver ofOrder(
      TimeRange times, int order, int evaluations, Integrand integrand, Expansion expansion) {
    check(order, evaluations);
    double[] outer = times.split(Math.max(1, evaluations / order));
    List<List<NoiseLevel>> steps = new ArrayList<>();
    for (int i = 0; i + 1 < outer.length; i++) {
      steps.add(evenly(times.schedule(), outer[i], outer[i + 1], order));
    }
    return new DpmSolver(steps, integrand, expansion);
  }

  /**
   * Steps of the given order with lower ones at the end, so that the calls are used up. Each step
   * is as long as its order and its levels on the way are spread like the steps; {@code fast} in
   * {@code dpm_solver_pp.py}, what U-ViT's latent scripts use.
   *
   * @param times when the run begins and ends, and how times are spread between and within steps
   * @param order of most steps, 1 to 3
   * @param evaluations number of calls
   */
  public static DpmSolver fast(
      TimeRange times, int order, int evaluations, Integrand integrand, Expansion expansion) {
    check(order, evaluations);
    double[] all = times.split(evaluations);
    List<List<NoiseLevel>> steps = new ArrayList<>();
    int at = 0;
    for (int each : orders(order, evaluations)) {
      double[] inner = times.between(all[at], all[at + each]).split(each);
      steps.add(Arrays.stream(inner).mapToObj(times.schedule()::at).toList());
      at += each;
    }
    return new DpmSolver(steps, integrand, expansion);
  }

  /**
   * The same orders as {@link #fast}, but all steps are of one length and the levels on the way lie
   * at equal fractions of lambda; {@code fast_version} in {@code dpm_solver_pytorch.py}, what
   * U-ViT's pixel scripts use with an even log signal-to-noise ratio.
   *
   * @param times when the run begins and ends, and how times are spread between steps
   * @param order of most steps, 1 to 3
   * @param evaluations number of calls
   */
  public static DpmSolver fastInEqualSteps(
      TimeRange times, int order, int evaluations, Integrand integrand, Expansion expansion) {
    check(order, evaluations);
    List<Integer> orders = orders(order, evaluations);
    double[] outer = times.split(orders.size());
    List<List<NoiseLevel>> steps = new ArrayList<>();
    for (int i = 0; i < orders.size(); i++) {
      steps.add(evenly(times.schedule(), outer[i], outer[i + 1], orders.get(i)));
    }
    return new DpmSolver(steps, integrand, expansion);
  }

  private static void check(int order, int evaluations) {
    if (order < 1 || order > 3 || evaluations < 1) {
      throw new IllegalArgumentException(
          "no singlestep DPM-Solver of order " + order + " with " + evaluations + " calls");
    }
  }

  /** Orders whose sum is the number of calls; a run of order 3 ends with 2 and 1, 1, or 2. */
  private static List<Integer> orders(int order, int evaluations) {
    int whole = evaluations / order;
    int rest = evaluations % order;
    boolean endsWithThree = order == 3 && rest == 0;
    List<Integer> orders =
        new ArrayList<>(Collections.nCopies(endsWithThree ? whole - 1 : whole, order));
    if (endsWithThree) {
      orders.add(2);
      orders.add(1);
    } else if (rest > 0) {
      orders.add(rest);
    }
    return orders;
  }

  /** The levels at equal fractions of lambda between two times, both included. */
  static List<NoiseLevel> evenly(NoisePath schedule, double from, double to, int parts) {
    double first = schedule.lambda(from);
    double last = schedule.lambda(to);
    List<NoiseLevel> levels = new ArrayList<>();
    levels.add(schedule.at(from));
    for (int k = 1; k < parts; k++) {
      levels.add(schedule.at(schedule.timeOf(first + (last - first) * k / parts)));
    }
    levels.add(schedule.at(to));
    return levels;
  }

  @Override
  public Latents solve(Denoiser denoiser, Latents start, NoiseSource noise, StepListener listener) {
    SinglestepUpdate update = new SinglestepUpdate(denoiser, integrand, expansion);
    Latents x = start;
    for (int i = 0; i < steps.size(); i++) {
      SinglestepUpdate.Result result = update.apply(x, steps.get(i));
      x = result.x();
      double timestep = steps.get(i).get(0).timestep();
      listener.onStep(new Step(i + 1, steps.size(), timestep, x, result.clean()));
    }
    return x;
  }
}
