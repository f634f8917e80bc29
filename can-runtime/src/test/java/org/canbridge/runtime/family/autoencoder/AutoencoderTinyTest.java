package org.canbridge.runtime.family.autoencoder;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.function.UnaryOperator;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.autoencoder.AutoencoderTinyConfig;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.BundleCoverage;
import org.canbridge.runtime.graph.CostModel;
import org.canbridge.runtime.graph.Graph;
import org.junit.jupiter.api.Test;

class AutoencoderTinyTest {

  @Test
  void agreesWithDiffusers() {
    try (BundleCoverage reference = new BundleCoverage("taesd-diffusers-tiny")) {
      ImportOptions options =
          ImportOptions.defaults().withArguments(reference.json("config.json"), "config.json");
      try (Checkpoint checkpoint =
          Checkpoints.open(reference.path("diffusion_pytorch_model.safetensors"), options)) {
        AutoencoderTinyConfig config = (AutoencoderTinyConfig) checkpoint.config();
        run(reference, checkpoint, AutoencoderTiny.encoder(config, 16, 24), "image", "latent");
        run(reference, checkpoint, AutoencoderTiny.decoder(config, 8, 12), "latent", "decoded");
      }
      reference.assertComplete();
    }
  }

  private static void run(
      BundleCoverage reference, Checkpoint checkpoint, Graph graph, String input, String output) {
    List<String> activations =
        reference.activations("").stream().filter(graph.modules()::containsKey).toList();
    try (Session session = Session.open(graph, checkpoint.tensors(), Target.F32)) {
      reference.check(
          session,
          reference.inputs(input),
          BundleCoverage.names(List.of(output), activations, UnaryOperator.identity()));
    }
  }

  /** 1.2 million parameters each: README of madebyollin/taesd. */
  @Test
  void publishedSizeHasThePublishedParameters() {
    AutoencoderTinyConfig config = taesd();
    assertEquals(1_222_532, CostModel.of(AutoencoderTiny.encoder(config, 256, 256)).parameters());
    assertEquals(1_222_531, CostModel.of(AutoencoderTiny.decoder(config, 32, 32)).parameters());
  }

  private static AutoencoderTinyConfig taesd() {
    return (AutoencoderTinyConfig)
        Families.byName("autoencoder-tiny")
            .orElseThrow()
            .config(Families.published("taesd").arguments());
  }
}
