package org.canbridge.runtime.diffusion;

import java.util.List;
import org.canbridge.runtime.objective.NoiseLevel;

/**
 * One step of the singlestep DPM-Solver (Lu et al. 2022, algorithms 1 and 2, and appendix D.3 for
 * order 3): the integrand is sampled at the start and at levels on the way.
 *
 * @param denoiser what is asked
 * @param integrand what is expanded
 * @param expansion how
 */
record SinglestepUpdate(Denoiser denoiser, Integrand integrand, Expansion expansion) {

  /**
   * What a step leads to.
   *
   * @param x the next state
   * @param clean the estimate of the clean image at the start
   */
  record Result(Latents x, Latents clean) {}

  /**
   * Takes a step.
   *
   * @param x the state at the first level
   * @param levels the start, 0 to 2 levels on the way (one less than the order), the end
   */
  Result apply(Latents x, List<NoiseLevel> levels) {
    NoiseLevel from = levels.get(0);
    Prediction prediction = denoiser.predict(x, from);
    Latents m = integrand.of(prediction);
    NoiseLevel to = levels.get(levels.size() - 1);
    Latents next =
        switch (levels.size()) {
          case 2 -> integrand.step(from, to).first(x, m).sum();
          case 3 -> second(x, m, levels);
          case 4 -> third(x, m, levels);
          default ->
              throw new IllegalArgumentException("no step over " + levels.size() + " levels");
        };
    return new Result(next, prediction.clean());
  }

  private Latents second(Latents x, Latents m, List<NoiseLevel> levels) {
    ExponentialStep step = integrand.step(levels.get(0), levels.get(2));
    double r1 = fraction(levels, 1);
    Latents x1 = integrand.step(levels.get(0), levels.get(1)).first(x, m).sum();
    Latents d1 = slope(m, value(x1, levels.get(1)), r1);
    double factor = expansion == Expansion.TAYLOR ? step.phi2() : 0.5 * step.phi1();
    return step.first(x, m).plus(-step.scale() * factor, d1).sum();
  }

  private Latents third(Latents x, Latents m, List<NoiseLevel> levels) {
    ExponentialStep step = integrand.step(levels.get(0), levels.get(3));
    double r1 = fraction(levels, 1);
    double r2 = fraction(levels, 2);
    Latents x1 = integrand.step(levels.get(0), levels.get(1)).first(x, m).sum();
    Latents d10 = slope(m, value(x1, levels.get(1)), r1);
    ExponentialStep inner = integrand.step(levels.get(0), levels.get(2));
    Latents x2 = inner.first(x, m).plus(-inner.scale() * inner.phi2() * r2, d10).sum();
    Latents d11 = slope(m, value(x2, levels.get(2)), r2);
    Combination next = step.first(x, m);
    if (expansion == Expansion.DPM_SOLVER) {
      return next.plus(-step.scale() * step.phi2(), d11).sum();
    }
    double gap = r2 - r1;
    Latents d1 = Combination.of(r2 / gap, d10).plus(-r1 / gap, d11).sum();
    Latents d2 = Combination.of(2 / gap, d11).plus(-2 / gap, d10).sum();
    return next.plus(-step.scale() * step.phi2(), d1).plus(-step.scale() * step.phi3(), d2).sum();
  }

  private Latents value(Latents x, NoiseLevel level) {
    return integrand.of(denoiser.predict(x, level));
  }

  /** The slope from the start to a fraction r of the step, per step. */
  private static Latents slope(Latents m, Latents later, double r) {
    return Combination.of(1 / r, later).plus(-1 / r, m).sum();
  }

  /** Where a level lies between the first and the last, in lambda. */
  private static double fraction(List<NoiseLevel> levels, int i) {
    double from = levels.get(0).lambda();
    return (levels.get(i).lambda() - from) / (levels.get(levels.size() - 1).lambda() - from);
  }
}
