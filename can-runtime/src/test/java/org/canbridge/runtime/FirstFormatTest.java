package org.canbridge.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.Trained;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.objective.Respacing;
import org.junit.jupiter.api.Test;

/**
 * Model directories of {@code canbridge/1}, written by the version before the objective: a DiT and
 * the Condition-Aware Network that it was converted to. They open and draw what the published file
 * draws, to the bit.
 */
class FirstFormatTest {
  private static final Path FOLDER = Fixtures.of("canbridge-1");

  @Test
  void aModelDirectoryIsTheModelOfItsPublishedFile() {
    Path published = Fixtures.of("dit-tiny-bf16").resolve("checkpoint.pt");
    assertArrayEquals(
        drawn(published, ImportOptions.defaults().withHeads(3)),
        drawn(FOLDER.resolve("dit"), ImportOptions.defaults()));
  }

  @Test
  void aConvertedModelOpensAndPreservesTheFunction() {
    assertArrayEquals(
        drawn(FOLDER.resolve("dit"), ImportOptions.defaults()),
        drawn(FOLDER.resolve("dit-can"), ImportOptions.defaults()),
        1e-4);
  }

  private static double[] drawn(Path path, ImportOptions options) {
    try (Model model = Model.open(path, options);
        Session session = model.session(Target.F32)) {
      assertEquals(Trained.ASSUMED, model.checkpoint().training().orElseThrow().from());
      assertEquals("eps on vp-discrete, null class 10", model.objective().orElseThrow().toString());
      assertTrue(model.can().isPresent() == path.endsWith("dit-can"));
      return ModelSampler.of(model, session)
          .draw(
              SamplingSettings.of(SolverName.DDIM, Respacing.even(4)).withGuidance(2).withSeed(5),
              3,
              7)
          .values();
    }
  }
}
