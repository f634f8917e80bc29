package org.canbridge.runtime.diffusion;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.canbridge.runtime.objective.NoiseLevel;

/**
 * UniPC (Zhao et al. 2023): a multistep predictor and a corrector of one order more, with one call
 * a step. The first steps have the order that their history allows; the last state is not
 * corrected.
 *
 * @param grid the noise levels; ends at the clean image only with the data form
 * @param order highest order of the predictor, 1 to 3
 * @param variant how the coefficients are chosen
 * @param integrand {@link Integrand#NOISE} or {@link Integrand#DATA}
 * @param lowerOrderFinal whether the order falls to 1 in the last steps, as published; to the clean
 *     image the last is always 1
 * @param uncorrected steps (from 0) whose start is not corrected with the call made there; {@code
 *     disable_corrector} of diffusers plus 1
 */
record UniPc(
    NoiseGrid grid,
    int order,
    Variant variant,
    Integrand integrand,
    boolean lowerOrderFinal,
    Set<Integer> uncorrected)
    implements Solver {

  /** The choices of coefficients in the paper and its code. */
  public enum Variant {
    /** {@code B(h) = h}. */
    BH1("bh1"),
    /** {@code B(h) = exp(h) - 1}. */
    BH2("bh2"),
    /** Coefficients from the step sizes, without B: UniPC_v. */
    VARY_COEFF("vary_coeff");

    private final String text;

    Variant(String text) {
      this.text = text;
    }

    /** The name in the UniPC code. */
    @Override
    public String toString() {
      return text;
    }
  }

  /** One call: where, and the integrand there. */
  private record Sample(NoiseLevel level, Latents value) {}

  /**
   * Checks the combination.
   *
   * @throws IllegalArgumentException if the order is none of these, the form is stochastic, or the
   *     noise form is to end at the clean image
   */
  public UniPc {
    if (order < 1 || order > 3) {
      throw new IllegalArgumentException("the order must be 1 to 3, not " + order);
    }
    if (integrand == Integrand.DATA_SDE) {
      throw new IllegalArgumentException("UniPC has no stochastic form");
    }
    ExponentialStep.checkEnd(integrand, grid);
    uncorrected = Set.copyOf(uncorrected);
  }

  /** The published solver on the data, every step corrected. */
  public static UniPc of(NoiseGrid grid, int order, Variant variant) {
    return new UniPc(grid, order, variant, Integrand.DATA, true, Set.of());
  }

  @Override
  public Latents solve(Denoiser denoiser, Latents start, NoiseSource noise, StepListener listener) {
    List<Sample> history = new ArrayList<>();
    Latents corrected = start;
    Latents x = start;
    for (int i = 0; i < grid.steps(); i++) {
      NoiseLevel from = grid.level(i);
      Prediction prediction = denoiser.predict(x, from);
      Latents value = integrand.of(prediction);
      if (i > 0 && !uncorrected.contains(i)) {
        List<Sample> known = history.subList(0, orderOf(i - 1));
        x = update(corrected, known, new Sample(from, value), true);
      }
      corrected = x;
      history.add(0, new Sample(from, value));
      if (history.size() > order) {
        history.remove(order);
      }
      x =
          update(
              corrected,
              history.subList(0, orderOf(i)),
              new Sample(grid.level(i + 1), value),
              false);
      listener.onStep(new Step(i + 1, grid.steps(), from.timestep(), x, prediction.clean()));
    }
    return x;
  }

  private int orderOf(int step) {
    boolean lower = lowerOrderFinal || grid.level(step + 1).sigma() == 0;
    int limit = lower ? Math.min(order, grid.steps() - step) : order;
    return Math.min(limit, step + 1);
  }

  /**
   * Goes from the newest known sample to the end.
   *
   * @param x the state at the newest sample
   * @param known samples, the newest first; as many as the order
   * @param end where to; its value counts for the corrector only
   * @param correct whether to use the value at the end
   */
  private Latents update(Latents x, List<Sample> known, Sample end, boolean correct) {
    NoiseLevel from = known.get(0).level();
    ExponentialStep step = integrand.step(from, end.level());
    Latents m = known.get(0).value();
    Combination next = step.first(x, m);
    int terms = known.size() - 1 + (correct ? 1 : 0);
    if (terms == 0) {
      return next.sum();
    }
    double h = end.level().lambda() - from.lambda();
    double[] r = new double[terms];
    List<Latents> slopes = new ArrayList<>();
    for (int k = 0; k < terms; k++) {
      boolean last = k == known.size() - 1;
      Sample sample = last ? end : known.get(k + 1);
      r[k] = last ? 1 : (sample.level().lambda() - from.lambda()) / h;
      slopes.add(Combination.of(1 / r[k], sample.value()).plus(-1 / r[k], m).sum());
    }
    double[] weights =
        correct
            ? UniPcCoefficients.corrector(variant, step.exponent(), r)
            : UniPcCoefficients.predictor(variant, step.exponent(), r);
    for (int k = 0; k < terms; k++) {
      next.plus(-step.scale() * weights[k], slopes.get(k));
    }
    return next.sum();
  }
}
