package org.canbridge.importers.dit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import org.canbridge.importers.FamilyContract;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.tensors.TensorData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DitFamilyTest extends FamilyContract {
  @Override
  protected Family family() {
    return new DitFamily();
  }

  @Override
  protected List<Arguments> examples() {
    return List.of(
        new DitConfig(8, 2, 4, 24, 2, 3, 96, 10, true, 256).arguments(),
        new DitConfig(12, 4, 3, 20, 1, 5, 53, 7, false, 64).arguments(),
        new DitConfig(5, 1, 1, 12, 3, 2, 12, 0, true, 256).arguments(),
        new DitConfig(8, 2, 4, 24, 2, 3, 96, 10, true, 256).withArithmetic(1, 1e-5).arguments(),
        new DitConfig(6, 2, 4, 20, 3, 5, 80, 3, false, 256).withArithmetic(1, 1e-6).arguments(),
        new DitConfig(8, 2, 4, 24, 2, 3, 96, 10, true, 256).withPerBlockEmbedders(true).arguments(),
        new DitConfig(8, 4, 1, 16, 3, 2, 64, 5, true, 32)
            .withArithmetic(1, 1e-5)
            .withPerBlockEmbedders(true)
            .arguments());
  }

  /** What a layout means by its weights is part of the network. */
  @Override
  protected boolean expresses(Layout layout, Arguments arguments) {
    long shift = arguments.integer("timestep_frequency_shift").orElseThrow();
    return layout.name().equals("official") ? shift == 0 : shift == 1;
  }

  @Override
  protected TensorData tensor(String name, List<Long> shape) {
    return name.equals("pos_embed")
        ? SineCosinePositions.TABLE.tensor(shape)
        : super.tensor(name, shape);
  }

  @Override
  protected List<Fixture> fixtures() {
    DitConfig oneBlock = new DitConfig(8, 2, 4, 48, 1, 3, 192, 10, true, 256);
    return List.of(
        fixture(
            "dit-tiny", "checkpoint.pt", 3, new DitConfig(8, 2, 4, 48, 3, 3, 192, 10, true, 256)),
        fixture("dit-tiny-bf16", "checkpoint.pt", 3, oneBlock),
        fixture("dit-tiny-fp16", "checkpoint.pt", 3, oneBlock),
        fixture("dit-tiny-legacy", "checkpoint.pt", 3, oneBlock),
        fixture("dit-tiny-train", "0050000.pt", 3, oneBlock),
        fixture(
            "dit-tiny-nosigma-p4",
            "checkpoint.pt",
            3,
            new DitConfig(16, 4, 3, 36, 2, 3, 108, 10, false, 256)),
        fixture(
            "dit-fmnist",
            "checkpoint.pt",
            4,
            new DitConfig(28, 4, 1, 128, 6, 4, 512, 10, true, 256)),
        fixture("onnx-dit-tiny", "model.onnx", 3, oneBlock),
        fixture("onnx-dit-tiny-external", "model.onnx", 3, oneBlock),
        fixture("onnx-dit-tiny-legacy", "model.onnx", 3, oneBlock),
        fixture("onnx-dit-tiny-legacy-folded", "model.onnx", 3, oneBlock),
        diffusers(
            "dit-diffusers",
            "diffusion_pytorch_model.safetensors",
            new DitConfig(8, 2, 4, 48, 3, 3, 192, 10, true, 256).withArithmetic(1, 1e-5)),
        diffusers(
            "dit-diffusers-distinct",
            "diffusion_pytorch_model.safetensors",
            new DitConfig(8, 2, 4, 24, 2, 2, 96, 10, true, 256)
                .withArithmetic(1, 1e-5)
                .withPerBlockEmbedders(true)),
        diffusers(
            "dit-diffusers-sharded",
            "diffusion_pytorch_model.safetensors.index.json",
            oneBlock.withArithmetic(1, 1e-6)),
        diffusers(
            "dit-pipeline",
            "transformer/diffusion_pytorch_model.safetensors",
            new DitConfig(8, 2, 4, 16, 2, 2, 64, 1000, true, 256).withArithmetic(1, 1e-5)));
  }

  /** The configuration beside the weights says everything else. */
  private static Fixture diffusers(String folder, String file, DitConfig config) {
    return new Fixture(folder, file, "diffusers", ImportOptions.defaults(), config);
  }

  private static Fixture fixture(String folder, String file, int heads, DitConfig config) {
    return new Fixture(folder, file, "official", ImportOptions.defaults().withHeads(heads), config);
  }

  @ParameterizedTest
  @CsvSource({
    "DiT-S/2, 384, 12, 6, 2", "DiT-S/4, 384, 12, 6, 4", "DiT-S/8, 384, 12, 6, 8",
    "DiT-B/2, 768, 12, 12, 2", "DiT-B/4, 768, 12, 12, 4", "DiT-B/8, 768, 12, 12, 8",
    "DiT-L/2, 1024, 24, 16, 2", "DiT-L/4, 1024, 24, 16, 4", "DiT-L/8, 1024, 24, 16, 8",
    "DiT-XL/2, 1152, 28, 16, 2", "DiT-XL/4, 1152, 28, 16, 4", "DiT-XL/8, 1152, 28, 16, 8"
  })
  void namesThePublishedSizes(String name, int width, int depth, int heads, int patch) {
    DitConfig config = new DitConfig(32, patch, 4, width, depth, heads, 4 * width, 1000, true, 256);
    assertEquals(config.arguments(), Families.published(name).arguments());
    DitConfig larger = new DitConfig(64, patch, 4, width, depth, heads, 4 * width, 1000, true, 256);
    assertEquals(Optional.of(name), family().publishedAs(larger.arguments()).map(m -> m.name()));
    DitConfig otherHeads =
        new DitConfig(32, patch, 4, width, depth, 2 * heads, 4 * width, 1000, true, 256);
    assertEquals(Optional.empty(), family().publishedAs(otherHeads.arguments()));
    DitConfig otherMlp =
        new DitConfig(32, patch, 4, width, depth, heads, 3 * width, 1000, true, 256);
    assertEquals(Optional.empty(), family().publishedAs(otherMlp.arguments()));
  }

  @Test
  void theRatioOfTheMlpSurvivesRounding() {
    for (int width = 1; width < 400; width++) {
      for (int hidden = 1; hidden < 3 * width; hidden += 1 + hidden / 7) {
        assertEquals(hidden, DitConfig.mlpHidden(width, DitConfig.mlpRatio(hidden, width)));
      }
    }
  }

  @Test
  void refusesSizesThatDoNotDivide() {
    assertEquals(
        "hidden_size 48 is not a multiple of num_heads 5",
        assertThrows(
                IllegalArgumentException.class,
                () -> new DitConfig(8, 2, 4, 48, 1, 5, 192, 10, true, 256))
            .getMessage());
    assertEquals(
        "input_size 9 is not a multiple of patch_size 2",
        assertThrows(
                IllegalArgumentException.class,
                () -> new DitConfig(9, 2, 4, 48, 1, 3, 192, 10, true, 256))
            .getMessage());
  }
}
