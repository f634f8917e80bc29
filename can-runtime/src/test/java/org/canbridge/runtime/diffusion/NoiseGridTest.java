package org.canbridge.runtime.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.objective.InterpolatedSchedule;
import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.runtime.objective.NoisePath;
import org.canbridge.runtime.objective.NoiseSchedule;
import org.canbridge.runtime.objective.Parameterization;
import org.canbridge.runtime.objective.Respacing;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The schedules as functions of time, and the noise levels that runs pass through. */
class NoiseGridTest {
  private static final NoiseSchedule SD = PublishedSchedules.stableDiffusion();

  @Test
  void theInterpolatedScheduleIsTheRecordedOne() {
    try (ReferenceTensors file =
        new ReferenceTensors(Fixtures.of("sampler-uvit-latent").resolve("schedule.safetensors"))) {
      InterpolatedSchedule schedule = new InterpolatedSchedule(SD);
      double[] times = file.read("input.t");
      double[] logAlpha = file.read("output.log_alpha");
      double[] sigma = file.read("output.sigma");
      double[] lambda = file.read("output.lambda");
      assertEquals(401, times.length);
      for (int i = 0; i < times.length; i++) {
        assertEquals(logAlpha[i], Math.log(schedule.at(times[i]).alpha()), 1e-12);
        assertEquals(sigma[i], schedule.at(times[i]).sigma(), 1e-12);
        assertEquals(lambda[i], schedule.lambda(times[i]), 1e-12);
        assertEquals(times[i], schedule.timeOf(lambda[i]), 1e-12);
      }
      double[] betas = file.read("output.betas");
      for (int i = 0; i < betas.length; i++) {
        assertEquals(betas[i], SD.beta(i), 1e-17);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-4, 1e-3, 0.3, 1})
  void timeOfLambdaIsTheInverse(double time) {
    NoisePath process = PublishedSchedules.uvitPixel().path();
    assertEquals(time, process.timeOf(process.lambda(time)), 1e-12);
    assertEquals(999 * time, process.at(time).timestep());
  }

  @ParameterizedTest
  @EnumSource
  void timestepsAreThoseOfDiffusers(TimestepSpacing spacing) {
    try (ReferenceTensors file =
        new ReferenceTensors(Fixtures.of("sampler-diffusers").resolve("tables.safetensors"))) {
      for (String scheduler : List.of("ddim", "ddpm")) {
        assertTimesteps(
            file.read("output." + scheduler + "." + spacing), spacing.oneStep(1000, 50, 0));
      }
      for (String scheduler : List.of("dpm", "unipc")) {
        assertTimesteps(
            file.read("output." + scheduler + "." + spacing), spacing.multistep(1000, 50, 0));
      }
    }
    assertEquals(spacing, TimestepSpacing.parse(spacing.toString()));
  }

  private static void assertTimesteps(double[] expected, int[] actual) {
    assertArrayEquals(expected, Arrays.stream(actual).asDoubleStream().toArray());
  }

  @Test
  void everyRunOfDiffusersPassesTheRecordedSigmas() {
    int compared = 0;
    for (SolverRun run : SolverRun.of("sampler-diffusers")) {
      if (PublishedSolvers.diffusers(run) instanceof DpmSolverMultistep solver) {
        double[] sigmas = run.sigmas();
        assertEquals(sigmas.length, solver.grid().levels().size());
        for (int i = 0; i < sigmas.length; i++) {
          double actual = solver.grid().level(i).ratio();
          assertEquals(sigmas[i], actual, 1e-6 * sigmas[i], run + ", sigma " + i);
        }
        compared++;
      }
    }
    assertEquals(27, compared);
  }

  @Test
  void theCleanImageIsTheEndOfAGrid() {
    NoiseGrid grid = NoiseGrid.ofIndexes(SD, new int[] {999, 500}, NoiseGrid.End.CLEAN);
    assertEquals(2, grid.steps());
    assertEquals(0, grid.level(2).ratio());
    assertTrue(Double.isInfinite(grid.level(2).lambda()));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new DpmSolverMultistep(
                grid,
                2,
                Integrand.NOISE,
                Expansion.DPM_SOLVER,
                DpmSolverMultistep.FinalOrder.KEPT));
    assertThrows(
        IllegalArgumentException.class,
        () -> new UniPc(grid, 2, UniPc.Variant.BH2, Integrand.NOISE, true, Set.of()));
  }

  @Test
  void levelsFall() {
    NoiseLevel level = SD.level(500);
    assertThrows(IllegalArgumentException.class, () -> new NoiseGrid(List.of(level)));
    assertThrows(IllegalArgumentException.class, () -> new NoiseGrid(List.of(level, level)));
  }

  @Test
  void whatCannotBeVisitedIsRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> TimestepSpacing.LEADING.multistep(1000, 1000, 0));
    assertThrows(IllegalArgumentException.class, () -> TimestepSpacing.LEADING.oneStep(10, 5, 8));
    assertThrows(IllegalArgumentException.class, () -> TimestepSpacing.TRAILING.oneStep(10, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> TimestepSpacing.parse("even"));
    assertThrows(
        IllegalArgumentException.class,
        () -> new InterpolatedSchedule(SD.respace(Respacing.even(10))));
  }

  @Test
  void fixedThresholdingLimitsTheCleanImageAndDynamicDividesByItsLimit() {
    ImageShape shape = new ImageShape(1, 1, 5);
    Latents clean = Latents.generate(1, shape, i -> i - 2);
    NoiseLevel level = SD.level(300);
    Denoiser exact =
        (x, at) -> Prediction.of(Parameterization.CLEAN, x, clean, at, Optional.empty());
    Latents x = Latents.generate(1, shape, i -> 0.1 * i);
    Latents fixed = Thresholding.fixed(exact).predict(x, level).clean();
    assertArrayEquals(new double[] {-1, -1, 0, 1, 1}, fixed.values(), 1e-14);
    Latents dynamic = Thresholding.dynamic(exact, 1).predict(x, level).clean();
    assertArrayEquals(new double[] {-1, -.5, 0, .5, 1}, dynamic.values(), 1e-14);
  }
}
