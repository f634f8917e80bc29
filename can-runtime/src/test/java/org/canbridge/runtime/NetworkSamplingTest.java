package org.canbridge.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.ImportOptions;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.runtime.diffusion.ClassifierFreeGuidance;
import org.canbridge.runtime.diffusion.DenoisingNetwork;
import org.canbridge.runtime.diffusion.EpsilonDenoiser;
import org.canbridge.runtime.diffusion.GuidedChannels;
import org.canbridge.runtime.diffusion.ReferenceRun;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.junit.jupiter.api.Test;

/**
 * The official sampling loops with the network of {@code dit-tiny} and guidance, recorded step by
 * step.
 */
class NetworkSamplingTest {

  @Test
  void officialLoopsAreReproducedWithTheNetworkInTheLoop() {
    List<ReferenceRun> runs = ReferenceRun.live("sampler-dit-network");
    assertEquals(3, runs.size());
    ImportOptions options = ImportOptions.defaults().withHeads(3);
    try (Model model = Model.open(Fixtures.of("dit-tiny").resolve("checkpoint.pt"), options);
        Session session = model.session(Precision.F32)) {
      int nullLabel = ((DitConfig) model.checkpoint().config()).numClasses();
      for (ReferenceRun run : runs) {
        long[] labels = Arrays.copyOf(run.labels(), 2 * run.batch());
        Arrays.fill(labels, run.batch(), labels.length, nullLabel);
        try (DenoisingNetwork network = new SessionNetwork(session).bind(labels)) {
          run.check(
              new ClassifierFreeGuidance(
                  new EpsilonDenoiser(network), run.guidanceScale(), GuidedChannels.FIRST_THREE),
              1e-5);
        }
      }
    }
  }
}
