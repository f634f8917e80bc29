package org.canbridge.runtime.objective;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.canbridge.runtime.diffusion.PublishedSchedules;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class NoisePathTest {
  private static final TimeScale TO_THE_IMAGE = new TimeScale(1, 0);

  static List<NoisePath> paths() {
    return List.of(
        new LinearPath(TO_THE_IMAGE),
        new GvpPath(TO_THE_IMAGE),
        new LinearVp(0.1, 20, TO_THE_IMAGE),
        new InterpolatedSchedule(PublishedSchedules.linear(1000)));
  }

  @ParameterizedTest
  @MethodSource("paths")
  void ratesAreDerivatives(NoisePath path) {
    // Off the nodes of the interpolated schedule.
    for (double time : new double[] {0.01234, 0.30017, 0.70042, 0.98765}) {
      NoiseLevel before = path.at(time - 1e-6);
      NoiseLevel after = path.at(time + 1e-6);
      NoiseLevel level = path.at(time);
      assertEquals((after.alpha() - before.alpha()) / 2e-6, level.alphaRate(), 1e-6);
      assertEquals((after.sigma() - before.sigma()) / 2e-6, level.sigmaRate(), 1e-6);
    }
  }

  @ParameterizedTest
  @MethodSource("paths")
  void timeOfLambdaIsTheInverse(NoisePath path) {
    for (double time : new double[] {0.01, 0.3, 0.7, 0.99}) {
      assertEquals(time, path.timeOf(path.lambda(time)), 1e-12);
    }
  }

  @Test
  void flowsBeginWithoutAnySignalAndEndWithoutAnyNoise() {
    for (NoisePath path : paths().subList(0, 2)) {
      assertEquals(0, path.at(1).alpha());
      assertEquals(1, path.at(1).sigma());
      assertEquals(1, path.at(0).alpha());
      assertEquals(0, path.at(0).sigma());
      assertEquals(1, path.timeOf(Double.NEGATIVE_INFINITY));
      assertEquals(0, path.timeOf(Double.POSITIVE_INFINITY));
      assertEquals(0, path.at(1).timestep());
      assertEquals(1, path.at(0).timestep());
    }
    assertTrue(TO_THE_IMAGE.runsToTheImage());
  }

  @ParameterizedTest
  @EnumSource
  void everyParameterizationTellsImageAndNoise(Parameterization parameterization) {
    double clean = 0.7;
    double noise = -1.3;
    for (NoisePath path : paths()) {
      if (parameterization == Parameterization.V && path instanceof LinearPath) {
        continue; // not variance-preserving
      }
      for (double time : new double[] {0.1, 0.5, 0.9}) {
        NoiseLevel level = path.at(time);
        double x = level.alpha() * clean + level.sigma() * noise;
        Parameterization.Target target = parameterization.target(level);
        double output = target.clean() * clean + target.noise() * noise;
        Parameterization.Estimate estimate = parameterization.estimate(level);
        assertEquals(clean, estimate.cleanOfState() * x + estimate.cleanOfOutput() * output, 1e-9);
        assertEquals(noise, estimate.noiseOfState() * x + estimate.noiseOfOutput() * output, 1e-9);
      }
    }
  }

  @Test
  void velocitiesTellTheImageWhereThereIsNoSignal() {
    for (NoisePath path : paths().subList(0, 2)) {
      Parameterization.Estimate estimate = Parameterization.VELOCITY_TO_IMAGE.estimate(path.at(1));
      assertTrue(Double.isFinite(estimate.cleanOfState() + estimate.cleanOfOutput()));
    }
  }

  @Test
  void singlePrecisionRoundsTheEstimateOfTheImage() {
    NoiseLevel level = PublishedSchedules.linear(1000).level(700).inSinglePrecision();
    Parameterization.Estimate estimate = Parameterization.EPSILON.estimate(level);
    assertEquals((float) (1 / level.alpha()), estimate.cleanOfState());
    assertEquals(-(float) level.ratio(), estimate.cleanOfOutput());
  }
}
