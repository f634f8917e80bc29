package org.canbridge.runtime.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.published.PipelineFolder;
import org.canbridge.runtime.Model;
import org.junit.jupiter.api.Test;

/** The form diffusers with a whole pipeline. */
class PipelineExportTest extends ExporterContract {
  private static final Path SOURCE = Fixtures.of("dit-pipeline");

  @Override
  Exporter exporter() {
    return new DiffusersExporter();
  }

  @Override
  Model model() {
    return Model.open(SOURCE, ImportOptions.defaults());
  }

  /** It was trained for another schedule than the pipeline's. */
  @Override
  Model refused() {
    return Model.open(
        Fixtures.of("dit-tiny-nosigma-p4").resolve("checkpoint.pt"),
        ImportOptions.defaults().withHeads(3));
  }

  @Override
  ExportOptions options() {
    return with(SOURCE);
  }

  private static ExportOptions with(Path pipeline) {
    return ExportOptions.defaults().withPipeline(PipelineFolder.at(pipeline).orElseThrow());
  }

  @Test
  void everyNetworkIsRunAgain() throws IOException {
    try (Model model = model();
        Export export = exporter().prepare(model, options())) {
      assertEquals("DiTPipeline: transformer with 44 tensors, scheduler, vae", export.contents());
      assertEquals(List.of(), export.remarks());
      assertEquals(
          List.of("transformer 1", "transformer 3", "vae 1", "vae 3"),
          export.write(folder.resolve("out")).stream()
              .map(check -> check.network().name() + " " + check.batch())
              .toList());
    }
  }

  /** DiTPipeline has ImageNet's null class in its code. */
  @Test
  void aNullClassThatThePipelineDoesNotKnowIsSaid() {
    try (Model model = Model.open(Fixtures.of("dit-diffusers"), ImportOptions.defaults());
        Export export = exporter().prepare(model, options())) {
      assertEquals(
          List.of(
              "DiTPipeline guides by row 1000 of the label table, whatever the model, and this"
                  + " one's null class is row 10: call it with guidance_scale=1, or guide in a loop"
                  + " of your own"),
          export.remarks());
    }
  }

  @Test
  void anAutoencoderOfOtherLatentsIsRefused() throws IOException {
    Path pipeline = folder.resolve("pipeline");
    try (Stream<Path> files = Files.walk(SOURCE)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path copy = pipeline.resolve(SOURCE.relativize(file).toString());
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy);
      }
    }
    try (Model model = model();
        Model other =
            Model.open(
                Fixtures.of("dit-fmnist").resolve("checkpoint.pt"),
                ImportOptions.defaults().withHeads(4))) {
      assertEquals(
          "the pipeline's vae decodes latents of 4 channels, and the model draws 1",
          assertThrows(
                  IllegalArgumentException.class, () -> exporter().prepare(other, with(pipeline)))
              .getMessage());
      exporter().prepare(model, with(pipeline)).close();
    }
  }
}
