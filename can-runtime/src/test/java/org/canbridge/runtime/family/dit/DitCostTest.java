package org.canbridge.runtime.family.dit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.canbridge.importers.dit.DitConfig;
import org.canbridge.runtime.graph.CostModel;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Sizes against Table 4 of the DiT paper (arXiv 2212.09748): millions of parameters and billions of
 * multiply-accumulates.
 */
class DitCostTest {

  @ParameterizedTest(name = "{0}/{2} at {1}")
  @CsvSource({
    "S, 32, 8, 33, 0.36", "S, 32, 4, 33, 1.41", "S, 32, 2, 33, 6.06",
    "B, 32, 8, 131, 1.42", "B, 32, 4, 130, 5.56", "B, 32, 2, 130, 23.01",
    "L, 32, 8, 459, 5.01", "L, 32, 4, 458, 19.70", "L, 32, 2, 458, 80.71",
    "XL, 32, 8, 676, 7.39", "XL, 32, 4, 675, 29.05", "XL, 32, 2, 675, 118.64",
    "XL, 64, 2, 675, 524.60"
  })
  void publishedSizes(String size, int input, int patch, double millions, double billions) {
    int width =
        switch (size) {
          case "S" -> 384;
          case "B" -> 768;
          case "L" -> 1024;
          default -> 1152;
        };
    int depth =
        switch (size) {
          case "S", "B" -> 12;
          case "L" -> 24;
          default -> 28;
        };
    int heads = width / (size.equals("XL") ? 72 : 64);
    DitConfig config =
        new DitConfig(input, patch, 4, width, depth, heads, 4 * width, 1000, true, 256);
    CostModel.Cost cost = CostModel.of(Dit.graph(config));
    assertEquals(millions, cost.parameters() / 1e6, 1.2, "million parameters");
    assertEquals(billions, cost.macs() / 1e9, 0.01 * billions, "billion MACs");
    assertEquals(
        cost.parameters(), cost.rows().stream().mapToLong(CostModel.Row::parameters).sum());
    assertEquals(cost.macs(), cost.rows().stream().mapToLong(CostModel.Row::macs).sum());
  }
}
