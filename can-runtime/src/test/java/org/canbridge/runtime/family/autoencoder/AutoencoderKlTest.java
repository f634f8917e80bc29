package org.canbridge.runtime.family.autoencoder;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.function.UnaryOperator;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.autoencoder.AutoencoderKlConfig;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.keys.KeyMap;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.BundleCoverage;
import org.canbridge.runtime.family.LatentSpace;
import org.canbridge.runtime.graph.CostModel;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.TensorData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AutoencoderKlTest {
  private static final String WEIGHTS = "diffusion_pytorch_model.safetensors";

  @ParameterizedTest
  @ValueSource(strings = {"vae-tiny", "vae-tiny-oldattn"})
  void agreesWithDiffusers(String name) {
    try (BundleCoverage reference = new BundleCoverage(name)) {
      ImportOptions options =
          ImportOptions.defaults().withArguments(reference.json("config.json"), "config.json");
      try (Checkpoint checkpoint = Checkpoints.open(reference.path(WEIGHTS), options)) {
        compare(
            reference,
            checkpoint,
            LatentSpace.AUTOENCODER,
            List.of("mean", "logvar", "std", "sample"),
            UnaryOperator.identity());
      }
      reference.assertComplete();
    }
  }

  /** That code scales within encode and decode, and has other names for the same modules. */
  @ParameterizedTest
  @CsvSource({
    "autoencoder_kl.pth, CompVis",
    "sd-style.ckpt, CompVis (first_stage_model of Stable Diffusion)"
  })
  void agreesWithCompVis(String file, String layout) {
    try (BundleCoverage reference = new BundleCoverage("vae-compvis-tiny")) {
      ImportOptions options =
          ImportOptions.defaults()
              .withArgument(
                  "norm_num_groups",
                  reference.json("reference.json").at("/config/norm_num_groups"),
                  "reference.json");
      try (Checkpoint checkpoint = Checkpoints.open(reference.path(file), options)) {
        assertEquals(layout, checkpoint.provenance().layout());
        compare(
            reference,
            checkpoint,
            LatentSpace.DIFFUSION,
            List.of("moments", "mean", "logvar", "sample"),
            path -> canonical(checkpoint, "CompVis", path));
      }
      reference.assertComplete();
    }
  }

  private static String canonical(Checkpoint checkpoint, String layout, String path) {
    Family family = Families.byName(checkpoint.config().architecture()).orElseThrow();
    KeyMap map =
        family.layouts().stream()
            .filter(l -> l.name().equals(layout))
            .findFirst()
            .orElseThrow()
            .keyMap(checkpoint.config().arguments());
    return map.targetModule(path).orElseThrow(() -> new AssertionError("no module for " + path));
  }

  private static void compare(
      BundleCoverage reference,
      Checkpoint checkpoint,
      LatentSpace space,
      List<String> outputs,
      UnaryOperator<String> module) {
    AutoencoderKlConfig config = (AutoencoderKlConfig) checkpoint.config();
    List<Long> image = reference.input("image").type().shape();
    Graph encoder = AutoencoderKl.encoder(config, space, image.get(2), image.get(3));
    List<String> encoded =
        reference.activations("").stream()
            .filter(path -> path.startsWith("encoder") || path.equals("quant_conv"))
            .toList();
    try (Session session = Session.open(encoder, checkpoint.tensors(), Target.F32)) {
      reference.check(
          session,
          reference.inputs("image", "noise"),
          BundleCoverage.names(outputs, encoded, module));
    }
    TensorData latent = reference.input("latent");
    Graph decoder =
        AutoencoderKl.decoder(
            config, space, latent.type().shape().get(2), latent.type().shape().get(3));
    try (Session session = Session.open(decoder, checkpoint.tensors(), Target.F32)) {
      reference.check(
          session,
          reference.inputs("latent"),
          BundleCoverage.names(List.of("decoded"), reference.activations(""), module));
    }
  }

  /**
   * Every tensor of a checkpoint is used by the encoder or the decoder, and by one of them only.
   */
  @Test
  void publishedSizeHasThePublishedParameters() {
    AutoencoderKlConfig config =
        (AutoencoderKlConfig)
            Families.byName("autoencoder-kl")
                .orElseThrow()
                .config(Families.published("sd-vae").arguments());
    long encoder =
        CostModel.of(AutoencoderKl.encoder(config, LatentSpace.DIFFUSION, 256, 256)).parameters();
    long decoder =
        CostModel.of(AutoencoderKl.decoder(config, LatentSpace.DIFFUSION, 32, 32)).parameters();
    assertEquals(34_163_664, encoder);
    assertEquals(49_490_199, decoder);
  }
}
