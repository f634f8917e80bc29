package org.canbridge.runtime.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.canbridge.importers.family.GuidedChannels;
import org.canbridge.runtime.objective.NoiseSchedule;
import org.canbridge.runtime.objective.Parameterization;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.opentest4j.AssertionFailedError;

/** Every step of every run that was recorded with the DiT code. */
class ReferenceTrajectoryTest {

  static List<ReferenceRun> recorded() {
    return ReferenceRun.recorded("sampler-dit");
  }

  static List<ReferenceRun> recordedInFloat64() {
    List<ReferenceRun> runs = recorded().stream().filter(ReferenceRun::isFloat64).toList();
    assertEquals(2, runs.size());
    return runs;
  }

  static List<ReferenceRun> live() {
    return ReferenceRun.live("sampler-dit");
  }

  static Stream<ReferenceRun> everywhere() {
    return Stream.concat(
        recorded().stream(), ReferenceRun.recorded("sampler-dit-network").stream());
  }

  @Test
  void noRunIsMissing() {
    assertEquals(15, recorded().size());
    assertEquals(3, ReferenceRun.live("sampler-dit-network").size());
  }

  @ParameterizedTest
  @MethodSource("recorded")
  void eachStepAloneLeadsToTheNextRecordedState(ReferenceRun run) {
    run.checkSingleSteps(run.isFloat64() ? 1e-14 : 1e-6);
  }

  /**
   * The float64 runs only: outputs that do not answer to our state leave the rounding of a recorded
   * float32 state uncorrected, and by the last step it has grown by {@code sqrt(1 / alphaCumprod)}
   * of the first, 157.
   */
  @ParameterizedTest
  @MethodSource("recordedInFloat64")
  void recordedModelOutputsGiveTheRecordedStates(ReferenceRun run) {
    run.check(run.recordedOutputs(), 1e-12);
  }

  @ParameterizedTest
  @MethodSource("live")
  void theModelInTheLoopGivesTheRecordedStates(ReferenceRun run) {
    run.check(closedForm(run), run.isFloat64() ? 1e-12 : 1e-5);
  }

  @ParameterizedTest
  @MethodSource("everywhere")
  void theNetworkIsGivenTheRecordedTimesteps(ReferenceRun run) {
    NoiseSchedule schedule = run.schedule();
    double[] visited =
        IntStream.iterate(schedule.steps() - 1, i -> i >= 0, i -> i - 1)
            .mapToDouble(schedule::timestep)
            .toArray();
    assertArrayEquals(run.timesteps(), visited);
  }

  @Test
  void theComparisonNoticesASmallError() {
    ReferenceRun run = live().get(0);
    Denoiser exact = closedForm(run);
    Denoiser off =
        (x, level) -> {
          Prediction prediction = exact.predict(x, level);
          Latents noise = prediction.noise();
          Latents wrong = Latents.generate(x.batch(), x.shape(), i -> noise.get(i) * 1.001);
          return Prediction.of(Parameterization.EPSILON, x, wrong, level, prediction.variance());
        };
    assertThrows(AssertionFailedError.class, () -> run.check(off, 1e-5));
  }

  /** The function that stands for a network in these runs; its formula is in reference.json. */
  private static Denoiser closedForm(ReferenceRun run) {
    if (run.guidanceScale() == 1) {
      return new NetworkDenoiser(
          ClosedForm.network(new long[run.batch()], run.learnsVariance()),
          Parameterization.EPSILON);
    }
    long[] labels = {run.labels()[0], 10};
    return new NetworkDenoiser(
        new GuidedNetwork(
            ClosedForm.network(labels, run.learnsVariance()),
            run.guidanceScale(),
            GuidedChannels.FIRST_THREE),
        Parameterization.EPSILON);
  }
}
