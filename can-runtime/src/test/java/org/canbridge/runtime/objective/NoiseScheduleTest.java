package org.canbridge.runtime.objective;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.diffusion.PublishedSchedules;
import org.canbridge.runtime.diffusion.ReferenceTensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NoiseScheduleTest {
  private static final double RELATIVE = 1e-14;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"full|1000", "250|250", "50|50", "10|10", "10_15_20|10,15,20", "ddim25|ddim25"})
  void agreesWithTheDitCode(String name, String respacing) {
    NoiseSchedule schedule = PublishedSchedules.linear(1000).respace(Respacing.parse(respacing));
    try (ReferenceTensors file = tables()) {
      compare(file, name + ".timestep_map", schedule, schedule::timestep);
      compare(file, name + ".betas", schedule, schedule::beta);
      compare(file, name + ".alphas_cumprod", schedule, schedule::alphaCumprod);
      compare(file, name + ".alphas_cumprod_prev", schedule, schedule::alphaCumprodPrev);
      compare(file, name + ".sqrt_recip_alphas_cumprod", schedule, schedule::sqrtRecipAlphaCumprod);
      compare(
          file, name + ".sqrt_recipm1_alphas_cumprod", schedule, schedule::sqrtRecipm1AlphaCumprod);
      compare(file, name + ".posterior_variance", schedule, schedule::posteriorVariance);
      compare(
          file,
          name + ".posterior_log_variance_clipped",
          schedule,
          schedule::posteriorLogVarianceClipped);
      compare(file, name + ".posterior_mean_coef1", schedule, schedule::posteriorMeanCoef1);
      compare(file, name + ".posterior_mean_coef2", schedule, schedule::posteriorMeanCoef2);
    }
  }

  @Test
  void cosineAgreesWithTheDitCode() {
    NoiseSchedule schedule = NoiseSchedule.cosine(1000).respace(Respacing.even(50));
    try (ReferenceTensors file = tables()) {
      compare(file, "50-squaredcos.betas", schedule, schedule::beta);
      compare(file, "50-squaredcos.alphas_cumprod", schedule, schedule::alphaCumprod);
    }
  }

  @Test
  void respacingTwiceKeepsTheNetworksTimesteps() {
    NoiseSchedule twice =
        PublishedSchedules.linear(1000)
            .respace(Respacing.parse("ddim100"))
            .respace(Respacing.parse("ddim25"));
    NoiseSchedule once = PublishedSchedules.linear(1000).respace(Respacing.parse("ddim25"));
    for (int i = 0; i < 25; i++) {
      assertEquals(once.timestep(i), twice.timestep(i));
      assertEquals(once.alphaCumprod(i), twice.alphaCumprod(i), 1e-12 * once.alphaCumprod(i));
    }
  }

  @Test
  void oneStepHasAFiniteLogVariance() {
    NoiseSchedule one = PublishedSchedules.linear(1000).respace(Respacing.even(1));
    assertEquals(Math.log(one.beta(0)), one.posteriorLogVarianceClipped(0));
  }

  @Test
  void refusesBetasOutsideTheirRange() {
    for (double beta : new double[] {0, -0.1, 1.1, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> NoiseSchedule.ofBetas(3, i -> beta));
    }
    assertThrows(IllegalArgumentException.class, () -> NoiseSchedule.ofBetas(0, i -> 0.1));
  }

  private static ReferenceTensors tables() {
    return new ReferenceTensors(Fixtures.of("sampler-dit").resolve("schedules.safetensors"));
  }

  private static void compare(
      ReferenceTensors file, String name, NoiseSchedule schedule, IntToDoubleFunction ours) {
    double[] expected = file.read("output." + name);
    double[] actual = IntStream.range(0, schedule.steps()).mapToDouble(ours).toArray();
    assertEquals(expected.length, actual.length, name);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], RELATIVE * Math.abs(expected[i]), name + " at " + i);
    }
  }
}
