package org.canbridge.runtime.family.uvit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.canbridge.importers.detection.Families;
import org.canbridge.importers.uvit.UvitConfig;
import org.canbridge.importers.uvit.UvitFamily;
import org.canbridge.runtime.graph.CostModel;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Sizes against the published, in millions of parameters and billions of multiply-accumulates:
 * parameters from Table 1 of the U-ViT paper (arXiv 2209.12152); multiply-accumulates of the large
 * networks as CAN (arXiv 2404.01143) quotes them.
 */
class UvitCostTest {

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "U-ViT-S/2-CIFAR-10, 44",
    "U-ViT-S/4, 44",
    "U-ViT-M/4, 131",
    "U-ViT-L/4-ImageNet-64, 287",
    "U-ViT-L/2, 287",
    "U-ViT-H/2, 501",
    "U-ViT-L/4, 287",
    "U-ViT-H/4, 501",
    "U-ViT-S/2-MS-COCO, 45",
    "U-ViT-S-Deep/2-MS-COCO, 58",
    "U-ViT-S-Deep/2, 58",
    "U-ViT-S-Deep/4, 58"
  })
  void parameters(String name, double millions) {
    assertEquals(millions, cost(name).parameters() / 1e6, 0.51);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({"U-ViT-L/2, 77", "U-ViT-H/2, 133", "U-ViT-L/4, 77", "U-ViT-H/4, 133"})
  void multiplyAccumulates(String name, double billions) {
    assertEquals(billions, cost(name).macs() / 1e9, 0.01 * billions);
  }

  private static CostModel.Cost cost(String name) {
    UvitConfig config = (UvitConfig) new UvitFamily().config(Families.published(name).arguments());
    return CostModel.of(Uvit.graph(config));
  }
}
