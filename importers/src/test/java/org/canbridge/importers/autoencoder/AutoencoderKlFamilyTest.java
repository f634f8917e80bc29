package org.canbridge.importers.autoencoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.FamilyContract;
import org.canbridge.importers.ImportProblem;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.keys.KeyMap;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.tensors.files.InputFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AutoencoderKlFamilyTest extends FamilyContract {
  private static final AutoencoderKlConfig TINY =
      new AutoencoderKlConfig(3, 3, List.of(16, 32), 1, 4, 8, 0.18215, 0, true, true);
  private static final AutoencoderKlConfig TINIER =
      new AutoencoderKlConfig(3, 3, List.of(8, 16), 1, 4, 4, 0.18215, 0, true, true);
  private static final String WEIGHTS = "diffusion_pytorch_model.safetensors";

  @Override
  protected Family family() {
    return new AutoencoderKlFamily();
  }

  @Override
  protected List<Arguments> examples() {
    return List.of(
        TINIER.arguments(),
        // One stage; three whose channels rise and fall, and other images on either side.
        new AutoencoderKlConfig(1, 2, List.of(6), 2, 3, 3, 1, 0, true, true).arguments(),
        new AutoencoderKlConfig(3, 4, List.of(4, 8, 4), 2, 5, 2, 0.5, -0.25, false, false)
            .arguments());
  }

  @Override
  protected List<Fixture> fixtures() {
    ImportOptions groups =
        ImportOptions.defaults().withArgument("norm_num_groups", IntNode.valueOf(4), "the test");
    return List.of(
        new Fixture("vae-tiny", WEIGHTS, "diffusers", beside("vae-tiny"), TINY),
        new Fixture(
            "vae-tiny-oldattn", WEIGHTS, "older diffusers", beside("vae-tiny-oldattn"), TINIER),
        new Fixture("vae-compvis-tiny", "autoencoder_kl.pth", "CompVis", groups, TINIER),
        new Fixture(
            "vae-compvis-tiny",
            "sd-style.ckpt",
            "CompVis (first_stage_model of Stable Diffusion)",
            groups,
            TINIER));
  }

  private static ImportOptions beside(String fixture) {
    try {
      ObjectNode config =
          (ObjectNode)
              new ObjectMapper().readTree(Fixtures.of(fixture).resolve("config.json").toFile());
      return ImportOptions.defaults().withArguments(config, "config.json");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void whatIsNotTheAutoencoderIsIgnoredWithAReason() {
    try (Checkpoint checkpoint =
        Checkpoints.open(
            Fixtures.of("vae-compvis-tiny").resolve("sd-style.ckpt"),
            ImportOptions.defaults()
                .withArgument("norm_num_groups", IntNode.valueOf(4), "the test"))) {
      assertEquals(
          Map.of(
              "moving average of the diffusion network",
              List.of("state_dict.model_ema.decay"),
              "a table of the noise schedule",
              List.of("state_dict.betas")),
          checkpoint.provenance().ignored());
    }
  }

  @Test
  void groupsThatNoPublishedNetworkHasAreAskedFor(@TempDir Path alone) throws IOException {
    Path file = Files.copy(Fixtures.of("vae-tiny").resolve(WEIGHTS), alone.resolve(WEIGHTS));
    InputFileException refusal =
        assertThrows(InputFileException.class, () -> Checkpoints.open(file));
    assertEquals(ImportProblem.NEEDS_OPTION, refusal.problem());
    assertEquals(
        "the file does not tell norm_num_groups\n"
            + "  expected: --config FILE, or a config.json beside the file\n"
            + "  actual: the number of groups of the norms is in no tensor's shape\n"
            + "  file: "
            + file
            + "\n"
            + "  next: add --config FILE, or a config.json beside the file",
        refusal.getMessage());
  }

  @Test
  void stagesOfCompVisAreCountedFromFullResolution() {
    KeyMap map = layout("CompVis").keyMap(TINY.arguments());
    assertEquals(
        Optional.of("decoder.up_blocks.0.upsamplers.0"), map.targetModule("decoder.up.1.upsample"));
    assertEquals(
        Optional.of("decoder.up_blocks.1.resnets.0"), map.targetModule("decoder.up.0.block.0"));
    assertEquals(
        Optional.of("encoder.down_blocks.1.resnets.0"), map.targetModule("encoder.down.1.block.0"));
    assertEquals(
        Optional.of("encoder.mid_block.attentions.0"), map.targetModule("encoder.mid.attn_1"));
    assertEquals(
        "decoder.up.1.upsample",
        layout("CompVis (first_stage_model of Stable Diffusion)")
            .publishedModule("decoder.up_blocks.0.upsamplers.0", TINY.arguments()));
    assertEquals(Optional.of("encoder"), map.targetModule("encoder"));
    assertEquals(Optional.empty(), map.targetModule("encoder.mid.attn_2"));
  }

  private Layout layout(String name) {
    return family().layouts().stream().filter(l -> l.name().equals(name)).findFirst().orElseThrow();
  }

  @Test
  void refusesChannelsThatMakeNoGroups() {
    assertEquals(
        "block_out_channels [16, 36] are not all multiples of norm_num_groups 8",
        assertThrows(
                IllegalArgumentException.class,
                () -> new AutoencoderKlConfig(3, 3, List.of(16, 36), 1, 4, 8, 1, 0, true, true))
            .getMessage());
  }
}
