package org.canbridge.runtime.family.efficientvit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.math.RoundingMode;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.efficientvit.EfficientVitConfig;
import org.canbridge.importers.efficientvit.EfficientVitFamily;
import org.canbridge.runtime.graph.CostModel;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Sizes against the authors' table ({@code applications/efficientvit_cls/README.md} of
 * mit-han-lab/efficientvit; B0: its card at timm), to the digit printed: millions of parameters and
 * billions of multiply-accumulates, attention's products counted.
 */
class EfficientVitCostTest {

  @ParameterizedTest(name = "{0} at {1}")
  @CsvSource({
    "B0, 224, 3.4, 0.1",
    "B1, 224, 9.1, 0.52",
    "B1, 256, 9.1, 0.68",
    "B1, 288, 9.1, 0.86",
    "B2, 224, 24, 1.6",
    "B2, 256, 24, 2.1",
    "B2, 288, 24, 2.6",
    "B3, 224, 49, 4.0",
    "B3, 256, 49, 5.2",
    "B3, 288, 49, 6.5",
    "L1, 224, 53, 5.3",
    "L2, 224, 64, 6.9",
    "L2, 384, 64, 20",
    "L3, 224, 246, 28",
    "L3, 384, 246, 81"
  })
  void publishedSizes(String model, int size, BigDecimal millions, BigDecimal billions) {
    CostModel.Cost cost = CostModel.of(EfficientVit.graph(config(model), size, size));
    assertEquals(millions, rounded(cost.parameters() / 1e6, millions), "million parameters");
    assertEquals(billions, rounded(cost.macs() / 1e9, billions), "billion MACs");
  }

  private static EfficientVitConfig config(String model) {
    return (EfficientVitConfig)
        new EfficientVitFamily().config(Families.published("EfficientViT-" + model).arguments());
  }

  private static BigDecimal rounded(double value, BigDecimal like) {
    return BigDecimal.valueOf(value).setScale(like.scale(), RoundingMode.HALF_UP);
  }
}
