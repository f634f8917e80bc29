package org.canbridge.runtime.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;
import org.canbridge.runtime.objective.NoiseSchedule;
import org.canbridge.runtime.objective.Parameterization;
import org.canbridge.runtime.objective.Respacing;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The solvers on normally distributed data, whose noise is known in closed form. */
class SolverTest {
  private static final double MEAN = 0.4;
  private static final double STD = 0.3;
  private static final NoiseSchedule FULL = PublishedSchedules.linear(1000);
  private static final ImageShape SHAPE = new ImageShape(1, 50, 100);

  @Test
  void ddpmWithTheTrueVarianceDrawsFromTheDataDistributionInFewSteps() {
    NoiseSchedule schedule = FULL.respace(Respacing.even(20));
    double[] images =
        run(new Ddpm(schedule, Ddpm.FixedVariance.SMALL), withTrueVariance(schedule), 10);
    // Four standard errors of 50,000 numbers.
    assertEquals(MEAN, mean(images), 4 * STD / Math.sqrt(50_000));
    assertEquals(STD, std(images), 4 * STD / Math.sqrt(100_000));
  }

  @Test
  void theFixedVariancesLieOnBothSidesOfTheTrueOne() {
    NoiseSchedule schedule = FULL.respace(Respacing.even(20));
    double small = std(run(new Ddpm(schedule, Ddpm.FixedVariance.SMALL), exact(schedule), 1));
    double large = std(run(new Ddpm(schedule, Ddpm.FixedVariance.LARGE), exact(schedule), 1));
    assertTrue(small < 0.95 * STD && large > 1.05 * STD, small + " " + large);
  }

  @Test
  void ddimWithEtaOneIsDdpmWithTheSmallVariance() {
    NoiseSchedule schedule = FULL.respace(Respacing.even(50));
    assertArrayEquals(
        run(new Ddpm(schedule, Ddpm.FixedVariance.SMALL), exact(schedule), 1),
        run(new Ddim(schedule, 1), exact(schedule), 1),
        1e-5);
  }

  @Test
  void ddimConvergesToTheFlowOfTheData() {
    double coarse = ddimError(50);
    double fine = ddimError(200);
    assertTrue(fine < 0.02, "error with 200 steps: " + fine);
    // First order: a quarter of the error with four times the steps.
    assertEquals(4, coarse / fine, 1.2);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void fewStepsStayFinite(int steps) {
    for (NoiseSchedule full : new NoiseSchedule[] {FULL, NoiseSchedule.cosine(1000)}) {
      NoiseSchedule schedule = full.respace(Respacing.even(steps));
      for (Solver solver :
          new Solver[] {
            new Ddim(schedule, 1),
            new Ddim(schedule, 0),
            new Ddpm(schedule, Ddpm.FixedVariance.LARGE),
            new Ddpm(schedule, Ddpm.FixedVariance.SMALL)
          }) {
        double[] values = run(solver, exact(schedule), 1);
        assertTrue(Arrays.stream(values).allMatch(Double::isFinite), solver.toString());
      }
    }
  }

  @Test
  void theStartIsNotWrittenTo() {
    NoiseSchedule schedule = FULL.respace(Respacing.even(3));
    Latents start = SeededNoise.ofRange(0, 0, 1).next(SHAPE);
    double[] before = start.values().clone();
    new Ddim(schedule, 0.5)
        .solve(exact(schedule), start, SeededNoise.ofRange(1, 0, 1), StepListener.NONE);
    assertTrue(Arrays.equals(before, start.values()));
  }

  @Test
  void etaHasARange() {
    for (double eta : new double[] {-0.1, 1.1, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> new Ddim(FULL, eta));
    }
  }

  private static double[] run(Solver solver, Denoiser denoiser, int batch) {
    SeededNoise noise = SeededNoise.ofRange(3, 0, batch);
    return solver.solve(denoiser, noise.next(SHAPE), noise, StepListener.NONE).values();
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }

  private static double std(double[] values) {
    double mean = mean(values);
    return Math.sqrt(
        Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow());
  }

  /** Largest distance from where the probability flow carries the start. */
  private static double ddimError(int steps) {
    NoiseSchedule schedule = FULL.respace(Respacing.even(steps));
    Latents start = SeededNoise.ofRange(3, 0, 1).next(new ImageShape(1, 1, 20));
    Latents end =
        new Ddim(schedule, 0)
            .solve(exact(schedule), start, SeededNoise.ofRange(4, 0, 1), StepListener.NONE);
    double signal = FULL.alphaCumprod(999);
    double std = Math.sqrt(signal * STD * STD + 1 - signal);
    return IntStream.range(0, 20)
        .mapToDouble(
            i -> {
              double z = (start.get(i) - Math.sqrt(signal) * MEAN) / std;
              return Math.abs(end.get(i) - (MEAN + STD * z));
            })
        .max()
        .orElseThrow();
  }

  /** The expected noise in a state, for data N(MEAN, STD^2). */
  private static Denoiser exact(NoiseSchedule schedule) {
    return (x, level) -> {
      double signal = schedule.alphaCumprod(index(schedule, level.timestep()));
      double factor = Math.sqrt(1 - signal) / (signal * STD * STD + 1 - signal);
      return Prediction.of(
          Parameterization.EPSILON,
          x,
          Latents.generate(
              x.batch(), x.shape(), i -> factor * (x.get(i) - Math.sqrt(signal) * MEAN)),
          level,
          Optional.empty());
    };
  }

  /** The same with the v that stands for the variance of the true reverse step. */
  private static Denoiser withTrueVariance(NoiseSchedule schedule) {
    return (x, level) -> {
      int i = index(schedule, level.timestep());
      double signal = schedule.alphaCumprod(i);
      double ofClean = STD * STD * (1 - signal) / (signal * STD * STD + 1 - signal);
      double variance =
          schedule.posteriorVariance(i) + Math.pow(schedule.posteriorMeanCoef1(i), 2) * ofClean;
      double smallest = schedule.posteriorLogVarianceClipped(i);
      double share = (Math.log(variance) - smallest) / (Math.log(schedule.beta(i)) - smallest);
      Prediction exact = exact(schedule).predict(x, level);
      return new Prediction(
          exact.clean(),
          exact.noise(),
          Optional.of(Latents.generate(x.batch(), x.shape(), k -> 2 * share - 1)));
    };
  }

  private static int index(NoiseSchedule schedule, double timestep) {
    return IntStream.range(0, schedule.steps())
        .filter(i -> schedule.timestep(i) == timestep)
        .findFirst()
        .orElseThrow();
  }
}
