package org.canbridge.runtime.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.Provenance;
import org.canbridge.importers.published.PipelineFolder;
import org.canbridge.runtime.Model;
import org.canbridge.tensors.files.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelCardTest {
  @TempDir Path folder;

  private String card(Exporter exporter, Model model, ExportOptions options) throws IOException {
    Path out = folder.resolve("out");
    try (Export export = exporter.prepare(model, options.withModelCard())) {
      export.write(out);
    }
    return Files.readString(out.resolve("README.md"));
  }

  @Test
  void itTellsWhatIsKnownAndLeavesTheRestToItsPublisher() throws IOException {
    Path source = Fixtures.of("dit-pipeline");
    Checkpoint checkpoint =
        Checkpoints.open(source)
            .withClassNames(Map.of(1, List.of("tabby_cat", "<b>a|b</b>"), 12, List.of("dog")))
            .trained("trained (all): 4 steps", Map.of());
    Provenance.Source file = checkpoint.provenance().source().orElseThrow();
    try (Model model = Model.generated(checkpoint)) {
      assertEquals(
          """
          ---
          license: "FILL IN: the license of the weights"
          base_model: "FILL IN: the model on the hub that this one was made from"
          library_name: diffusers
          pipeline_tag: unconditional-image-generation
          tags:
          - dit
          - can-bridge
          ---

          # DiT (Peebles and Xie, ICCV 2023)

          FILL IN: what it was trained on, what it is for, and what it should not be used for.

          ## How it was made

          - network: DiT (Peebles and Xie, ICCV 2023)
          - trained for: eps on vp-discrete, null class 1000 (by the pipeline&#39;s scheduler)
          - from diffusion\\_pytorch\\_model.safetensors, 212040 bytes, SHA-256 SHA
          - trained (all): 4 steps
          - written by canbridge VERSION

          ## Running it

          ```python
          from diffusers import DiTPipeline

          model = DiTPipeline.from_pretrained("FOLDER")
          ```

          ## Classes

          | number | called |
          |---|---|
          | 1 | tabby\\_cat, &lt;b&gt;a\\|b&lt;/b&gt; |
          | 12 | dog |
          """
              .replace("SHA-256 SHA", "SHA-256 " + file.sha256())
              .replace("VERSION", Provenance.version()),
          card(
              new DiffusersExporter(),
              model,
              ExportOptions.defaults().withPipeline(PipelineFolder.at(source).orElseThrow())));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "efficientvit-timm-b-tiny, '', timm, image-classification",
    "vae-tiny, '', published, image-to-image",
    "clip-text-tiny, '', published, feature-extraction",
    "uvit-t2i-tiny, nnet_ema.pth, published, text-to-image",
  })
  void whatANetworkDoesIsToldAsHubsTellIt(String fixture, String file, String form, String task)
      throws IOException {
    Path source = Fixtures.of(fixture).resolve(file);
    ObjectNode reference =
        (ObjectNode) Json.parse(Files.readAllBytes(Fixtures.of(fixture).resolve("reference.json")));
    ImportOptions options =
        ImportOptions.defaults()
            .withArguments((ObjectNode) reference.get("config"), "reference.json");
    Exporter exporter = form.equals("timm") ? new TimmExporter() : new PublishedExporter();
    try (Model model = Model.open(source, options)) {
      String card = card(exporter, model, ExportOptions.defaults());
      assertTrue(card.contains("\npipeline_tag: " + task + "\n"), card);
    }
  }
}
