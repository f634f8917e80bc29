package org.canbridge.importers.uvit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.IntNode;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.canbridge.importers.FamilyContract;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.PublishedModel;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.uvit.UvitCondition.Label;
import org.canbridge.importers.uvit.UvitCondition.None;
import org.canbridge.importers.uvit.UvitCondition.Text;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UvitFamilyTest extends FamilyContract {
  @Override
  protected Family family() {
    return new UvitFamily();
  }

  @Override
  protected List<Arguments> examples() {
    return List.of(
        new UvitConfig(8, 2, 4, 24, 4, 3, 96, false, false, new Label(11), true, true).arguments(),
        new UvitConfig(12, 4, 3, 20, 2, 5, 53, true, true, new None(), false, true).arguments(),
        new UvitConfig(5, 1, 1, 12, 2, 3, 12, false, false, new Text(7, 6), true, false)
            .arguments());
  }

  /** Without a label table DC-AE's layout is the official one. */
  @Override
  protected boolean expresses(Layout layout, Arguments arguments) {
    return layout.name().equals("official") || arguments.integer("num_classes").orElse(0) > 0;
  }

  /** The one tensor that tells DC-AE's layout; without it the official one lacks a tensor. */
  @Override
  protected boolean isOptional(Layout layout, String source) {
    return source.equals("label_emb.embedding_table.weight");
  }

  @Override
  protected List<Fixture> fixtures() {
    return List.of(
        fixture(
            "uvit-tiny",
            ImportOptions.defaults().withHeads(3),
            new UvitConfig(8, 2, 4, 48, 4, 3, 192, false, false, new Label(11), true, true)),
        fixture(
            "uvit-tiny-uncond-mlptime",
            ImportOptions.defaults().withHeads(4),
            new UvitConfig(8, 2, 3, 32, 2, 4, 96, true, true, new None(), false, true)),
        fixture(
            "uvit-t2i-tiny",
            ImportOptions.defaults()
                .withHeads(2)
                .withArgument("num_clip_token", IntNode.valueOf(7), "--text-tokens"),
            new UvitConfig(8, 2, 4, 32, 4, 2, 128, false, false, new Text(32, 7), true, true)));
  }

  private static Fixture fixture(String folder, ImportOptions options, UvitConfig config) {
    return new Fixture(folder, "nnet_ema.pth", "official", options, config);
  }

  @ParameterizedTest
  @CsvSource({
    "U-ViT-S/2-CIFAR-10, 32, 2, 3, 512, 12, 8, -1, true",
    "U-ViT-S/4, 64, 4, 3, 512, 12, 8, -1, true",
    "U-ViT-M/4, 64, 4, 3, 768, 16, 12, 1000, true",
    "U-ViT-L/4-ImageNet-64, 64, 4, 3, 1024, 20, 16, 1000, true",
    "U-ViT-L/2, 32, 2, 4, 1024, 20, 16, 1001, true",
    "U-ViT-H/2, 32, 2, 4, 1152, 28, 16, 1001, false",
    "U-ViT-L/4, 64, 4, 4, 1024, 20, 16, 1001, true",
    "U-ViT-H/4, 64, 4, 4, 1152, 28, 16, 1001, false",
    "U-ViT-S/2, 32, 2, 4, 512, 12, 8, 1001, true",
    "U-ViT-S-Deep/2, 32, 2, 4, 512, 16, 8, 1001, true",
    "U-ViT-S-Deep/4, 64, 4, 4, 512, 16, 8, 1001, true"
  })
  void namesThePublishedModels(
      String name,
      int size,
      int patch,
      int channels,
      int width,
      int depth,
      int heads,
      int classes,
      boolean conv) {
    UvitConfig config =
        new UvitConfig(
            size,
            patch,
            channels,
            width,
            depth,
            heads,
            4 * width,
            false,
            false,
            classes < 0 ? new None() : new Label(classes),
            conv,
            true);
    assertEquals(config.arguments(), Families.published(name).arguments());
    assertEquals(Optional.of(name), nameOf(config));
  }

  @ParameterizedTest
  @CsvSource({"U-ViT-S/2-MS-COCO, 12", "U-ViT-S-Deep/2-MS-COCO, 16"})
  void namesTheTextToImageModels(String name, int depth) {
    UvitConfig config =
        new UvitConfig(32, 2, 4, 512, depth, 8, 2048, false, false, new Text(768, 77), true, true);
    assertEquals(config.arguments(), Families.published(name).arguments());
    assertEquals(Optional.of(name), nameOf(config));
  }

  private Optional<String> nameOf(UvitConfig config) {
    return family().publishedAs(config.arguments()).map(PublishedModel::name);
  }

  @Test
  void countsTokens() {
    UvitConfig text =
        new UvitConfig(32, 2, 4, 512, 12, 8, 2048, false, false, new Text(768, 77), true, true);
    assertEquals(78, text.extras());
    assertEquals(78 + 256, text.tokens());
    assertEquals(OptionalInt.empty(), text.nullClass());
    UvitConfig labels =
        new UvitConfig(32, 2, 4, 512, 12, 8, 2048, false, false, new Label(1001), true, true);
    assertEquals(2, labels.extras());
    assertEquals(OptionalInt.of(1000), labels.nullClass());
  }

  @ParameterizedTest
  @CsvSource({
    "9, 2, 24, 4, 3, img_size 9 is not a multiple of patch_size 2",
    "8, 2, 24, 4, 5, embed_dim 24 is not a multiple of num_heads 5",
    "8, 2, 24, 5, 3, depth 5 is odd; half of the blocks stand on either side of the middle one",
    "8, 2, 21, 4, 3, embed_dim 21 is odd; the sinusoid of the timestep has as many columns"
  })
  void refusesImpossibleSizes(
      int size, int patch, int width, int depth, int heads, String message) {
    assertEquals(
        message,
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    new UvitConfig(
                        size,
                        patch,
                        4,
                        width,
                        depth,
                        heads,
                        96,
                        false,
                        false,
                        new None(),
                        true,
                        true))
            .getMessage());
  }
}
