package org.canbridge.runtime.diffusion;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.canbridge.runtime.objective.LinearVp;
import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.runtime.objective.Parameterization;
import org.canbridge.runtime.objective.TimeScale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The order with which each solver converges to the probability flow of normally distributed data,
 * which is known (of UniPC with its corrector, one more than its own; of the published corrector of
 * {@code vary_coeff}, which drops terms, 1): {@code x_t = alpha mean + sqrt(alpha^2 std^2 +
 * sigma^2) z} with a constant z.
 */
class ConvergenceTest {
  private static final double MEAN = 0.4;
  private static final double STD = 0.3;

  /**
   * Begins with far more noise than usual, where the integrands hardly change: the first-order step
   * with which multistep solvers begin would hide a third order.
   */
  private static final LinearVp PROCESS = new LinearVp(0.1, 40, new TimeScale(0, 999));

  private static final TimeRange TIMES = new TimeRange(PROCESS, TimeSpacing.LOG_SNR, 1, 0.01);
  private static final Expansion PUBLISHED = Expansion.DPM_SOLVER;

  static Stream<Arguments> solvers() {
    return Stream.concat(
        Stream.of(
            of("euler", 1, n -> new Euler(TIMES.grid(n))),
            of("heun", 2, n -> new Heun(TIMES.grid(n))),
            of("unipc-1", 2, n -> uniPc(n, 1, UniPc.Variant.BH2)),
            of("unipc-2 bh1", 3, n -> uniPc(n, 2, UniPc.Variant.BH1)),
            of("unipc-2 bh2", 3, n -> uniPc(n, 2, UniPc.Variant.BH2)),
            of("unipc-3 bh1", 4, n -> uniPc(n, 3, UniPc.Variant.BH1)),
            of("unipc-3 bh2", 4, n -> uniPc(n, 3, UniPc.Variant.BH2)),
            of("unipc-2 vary_coeff", 1, n -> uniPc(n, 2, UniPc.Variant.VARY_COEFF)),
            of("unipc-3 vary_coeff", 1, n -> uniPc(n, 3, UniPc.Variant.VARY_COEFF)),
            of("unipc-2 predictor", 2, n -> uncorrected(n, 2)),
            of("unipc-3 predictor", 3, n -> uncorrected(n, 3))),
        Stream.of(Integrand.NOISE, Integrand.DATA)
            .flatMap(
                form ->
                    Stream.of(1, 2, 3)
                        .flatMap(
                            order ->
                                Stream.of(Expansion.values())
                                    .flatMap(expansion -> dpmSolvers(form, order, expansion)))));
  }

  private static Stream<Arguments> dpmSolvers(Integrand form, int order, Expansion expansion) {
    String suffix = "-" + order + " " + form + " " + expansion;
    return Stream.of(
        of(
            "singlestep" + suffix,
            order,
            n -> DpmSolver.ofOrder(TIMES, order, n * order, form, expansion)),
        of(
            "multistep" + suffix,
            order == 3 && expansion == PUBLISHED ? 2 : order,
            n ->
                new DpmSolverMultistep(
                    TIMES.grid(n), order, form, expansion, DpmSolverMultistep.FinalOrder.KEPT)));
  }

  private static Arguments of(String name, int order, IntFunction<Solver> solver) {
    return Arguments.of(name, order, solver);
  }

  private static Solver uniPc(int steps, int order, UniPc.Variant variant) {
    return new UniPc(TIMES.grid(steps), order, variant, Integrand.DATA, false, Set.of());
  }

  private static Solver uncorrected(int steps, int order) {
    Set<Integer> all = Set.copyOf(IntStream.range(0, steps).boxed().toList());
    return new UniPc(TIMES.grid(steps), order, UniPc.Variant.BH2, Integrand.DATA, false, all);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("solvers")
  void convergesWithItsOrder(String name, int order, IntFunction<Solver> solver) {
    double coarse = error(solver.apply(800));
    double fine = error(solver.apply(1600));
    double reached = Math.log(coarse / fine) / Math.log(2);
    assertTrue(Math.abs(reached - order) < 0.15, () -> "order " + reached + ", not " + order);
  }

  private static double error(Solver solver) {
    ImageShape shape = new ImageShape(1, 1, 8);
    Latents z = SeededNoise.ofRange(5, 0, 1).next(shape);
    Latents end = solver.solve(ConvergenceTest::exact, onFlow(z, 1), asked -> z, StepListener.NONE);
    Latents expected = onFlow(z, TIMES.to());
    double worst = 0;
    for (int i = 0; i < shape.size(); i++) {
      worst = Math.max(worst, Math.abs(end.get(i) - expected.get(i)));
    }
    return worst;
  }

  private static Latents onFlow(Latents z, double time) {
    NoiseLevel level = PROCESS.at(time);
    double std = Math.sqrt(variance(level));
    return Latents.generate(1, z.shape(), i -> level.alpha() * MEAN + std * z.get(i));
  }

  private static double variance(NoiseLevel level) {
    return Math.pow(level.alpha() * STD, 2) + Math.pow(level.sigma(), 2);
  }

  private static Prediction exact(Latents x, NoiseLevel level) {
    double factor = level.sigma() / variance(level);
    return Prediction.of(
        Parameterization.EPSILON,
        x,
        Latents.generate(x.batch(), x.shape(), i -> factor * (x.get(i) - level.alpha() * MEAN)),
        level,
        Optional.empty());
  }
}
