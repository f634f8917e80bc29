package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.ModelSampler;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.objective.Respacing;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShortExportTest {
  private static final SamplingSettings SETTINGS =
      SamplingSettings.of(SolverName.DDIM, Respacing.even(5)).withGuidance(2).withSeed(1);

  @TempDir private Path folder;

  /** A second run takes the place of the first. */
  @Test
  void theExportDrawsWhatTheModelDrew() throws IOException {
    Path source = folder.resolve("model");
    try (Checkpoint checkpoint =
        Checkpoints.open(
            Fixtures.of("dit-fmnist").resolve("checkpoint.pt"),
            ImportOptions.defaults().withHeads(4))) {
      ModelDirectory.write(source, checkpoint, WriteOptions.defaults());
    }
    Latents here;
    try (Model model = Model.open(source, ImportOptions.defaults());
        Session session = model.session(Target.F32)) {
      here = ModelSampler.of(model, session).draw(SETTINGS, 0);
    }
    Path picture = folder.resolve("engines.png");
    for (int run = 0; run < 2; run++) {
      ShortExport export =
          ShortExport.run(source, folder.resolve("exported"), picture, here, SETTINGS);
      assertTrue(export.apart() < 1e-4, "" + export.apart());
      assertTrue(export.check().difference().share() < 1e-4, "" + export.check());
      assertEquals(2 * here.shape().width() + 2, ImageIO.read(picture.toFile()).getWidth());
    }
  }
}
