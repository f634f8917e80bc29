package org.canbridge.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.family.ObjectiveSettings;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPlan;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.diffusion.DenoisingNetwork;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.SitRun;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.objective.Respacing;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A flow model, from its file to images. */
class SitSamplingTest {
  private static final Path FILE = Fixtures.of("sit-tiny").resolve("checkpoint.pt");
  private static final ImportOptions SIT =
      ImportOptions.defaults().withHeads(3).withFamily("sit", "--family");

  @Test
  void theRecordedRunIsReproducedWithTheNetworkInTheLoop() {
    SitRun run = SitRun.all().stream().filter(SitRun::hasNetwork).findFirst().orElseThrow();
    try (Model model = Model.open(FILE, SIT);
        Session session = model.session(Target.F32);
        DenoisingNetwork network = new SessionNetwork(session).bind(run.labels())) {
      double error = run.error(network);
      assertTrue(error < 1e-5, () -> run + ": " + error);
    }
  }

  @ParameterizedTest
  @EnumSource(
      names = {"DPM_SOLVER_PP", "UNIPC", "EULER", "HEUN", "DOPRI5", "SDE_EULER", "SDE_HEUN"})
  void everySolverOfFlowsDrawsFiniteImages(SolverName solver) {
    double[] drawn = drawn(SIT, SamplingSettings.of(solver, Respacing.even(5)).withGuidance(1.5));
    assertTrue(Arrays.stream(drawn).allMatch(Double::isFinite));
  }

  /** A good solver and a very good one lead to the same images. */
  @Test
  void solversOfTheFlowAgree() {
    double[] heun = drawn(SIT, SamplingSettings.of(SolverName.HEUN, Respacing.even(60)));
    double[] adaptive = drawn(SIT, SamplingSettings.of(SolverName.DOPRI5, Respacing.even(1)));
    for (int i = 0; i < heun.length; i++) {
      assertEquals(adaptive[i], heun[i], 1e-2);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"DDPM", "DDIM", "DPM_SOLVER", "DPM_SOLVER_ADAPTIVE"})
  void solversOfOtherPathsAreRefused(SolverName solver) {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> drawn(SIT, SamplingSettings.of(solver, Respacing.even(5))));
    assertTrue(refused.getMessage().contains("dpm-solver++, unipc, euler"), refused.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "flow-gvp",
        "flow-gvp,prediction=eps",
        "flow-vp,prediction=score",
        "prediction=x0",
        "null_class=none"
      })
  void otherObjectivesAreGiven(String settings) {
    ImportOptions options = SIT.withObjective(ObjectiveSettings.parse(settings));
    double[] drawn = drawn(options, SamplingSettings.of(SolverName.HEUN, Respacing.even(4)));
    assertTrue(Arrays.stream(drawn).allMatch(Double::isFinite));
  }

  @Test
  void withoutANullClassGuidanceIsRefused() {
    ImportOptions options = SIT.withObjective(ObjectiveSettings.parse("null_class=none"));
    SamplingSettings guided =
        SamplingSettings.of(SolverName.HEUN, Respacing.even(4)).withGuidance(2);
    assertEquals(
        "this model has no null class, so that it cannot be guided; use a guidance scale of 1",
        assertThrows(IllegalArgumentException.class, () -> drawn(options, guided)).getMessage());
  }

  @Test
  void conversionPreservesTheFunction() {
    try (Model model = Model.open(FILE, SIT)) {
      CanPlan plan =
          CanPlan.paper(List.of(CanTarget.PATCH_EMBED, CanTarget.DWCONV), CanCondition.ALL);
      CanConversion conversion =
          CanConversion.convert(model, CanPreset.spec(model.source(), plan), 0, Target.F32);
      assertTrue(conversion.check().holds());
      assertEquals("sit", conversion.checkpoint().config().architecture());
      assertEquals(model.checkpoint().training(), conversion.checkpoint().training());
    }
  }

  private static double[] drawn(ImportOptions options, SamplingSettings settings) {
    try (Model model = Model.open(FILE, options);
        Session session = model.session(Target.F32)) {
      return ModelSampler.of(model, session).draw(settings.withSeed(3), 1, 9).values();
    }
  }
}
