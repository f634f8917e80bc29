package org.canbridge.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.family.GuidedChannels;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.uvit.UvitConfig;
import org.canbridge.runtime.diffusion.DenoisingNetwork;
import org.canbridge.runtime.diffusion.DpmSolver;
import org.canbridge.runtime.diffusion.Expansion;
import org.canbridge.runtime.diffusion.GuidanceForm;
import org.canbridge.runtime.diffusion.GuidedNetwork;
import org.canbridge.runtime.diffusion.Integrand;
import org.canbridge.runtime.diffusion.NetworkDenoiser;
import org.canbridge.runtime.diffusion.PublishedSchedules;
import org.canbridge.runtime.diffusion.ReferenceRun;
import org.canbridge.runtime.diffusion.SolverRun;
import org.canbridge.runtime.diffusion.TimeRange;
import org.canbridge.runtime.diffusion.TimeSpacing;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.objective.Parameterization;
import org.junit.jupiter.api.Test;

/** Official sampling loops with networks in the loop and guidance, recorded step by step. */
class NetworkSamplingTest {

  @Test
  void officialLoopsAreReproducedWithTheNetworkInTheLoop() {
    List<ReferenceRun> runs = ReferenceRun.live("sampler-dit-network");
    assertEquals(3, runs.size());
    ImportOptions options = ImportOptions.defaults().withHeads(3);
    try (Model model = Model.open(Fixtures.of("dit-tiny").resolve("checkpoint.pt"), options);
        Session session = model.session(Target.F32)) {
      int nullLabel = ((DitConfig) model.checkpoint().config()).numClasses();
      for (ReferenceRun run : runs) {
        long[] labels = Arrays.copyOf(run.labels(), 2 * run.batch());
        Arrays.fill(labels, run.batch(), labels.length, nullLabel);
        try (DenoisingNetwork network = new SessionNetwork(session).bind(labels)) {
          run.check(
              new NetworkDenoiser(
                  new GuidedNetwork(network, run.guidanceScale(), GuidedChannels.FIRST_THREE),
                  Parameterization.EPSILON),
              1e-5);
        }
      }
    }
  }

  @Test
  void uvitsScriptIsReproducedWithTheNetworkInTheLoop() {
    List<SolverRun> runs = SolverRun.of("sampler-uvit-network");
    assertEquals(3, runs.size());
    ImportOptions options = ImportOptions.defaults().withHeads(3);
    TimeRange times =
        new TimeRange(PublishedSchedules.uvitLatent().path(), TimeSpacing.TIME_UNIFORM, 1, 1e-3);
    try (Model model = Model.open(Fixtures.of("uvit-tiny").resolve("nnet_ema.pth"), options);
        Session session = model.session(Target.F32)) {
      int nullLabel = ((UvitConfig) model.checkpoint().config()).nullClass().orElseThrow();
      for (SolverRun run : runs) {
        long[] labels = Arrays.copyOf(run.labels(), 2 * run.labels().length);
        Arrays.fill(labels, run.labels().length, labels.length, nullLabel);
        try (DenoisingNetwork network = new SessionNetwork(session).bind(labels)) {
          double error =
              run.error(
                  DpmSolver.fast(times, 3, run.steps(), Integrand.DATA, Expansion.DPM_SOLVER),
                  new NetworkDenoiser(
                      new GuidedNetwork(
                          network,
                          GuidanceForm.ADDED.scale(run.guidanceScale()),
                          GuidedChannels.ALL),
                      Parameterization.EPSILON),
                  1e-2);
          assertTrue(error < 1e-5, () -> run + ": " + error + " stds");
        }
      }
    }
  }
}
