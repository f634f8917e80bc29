package org.canbridge.importers.cat;

import java.util.List;

/**
 * A size of CAN's Tables 4 and 6 (arXiv 2404.01143). The paper prints parameters and MACs alone;
 * widths and depths were searched for that give both within 3 %: docs/decisions.md has the table.
 *
 * @param label the name, e.g. {@code CaT-B0}
 * @param config all arguments
 */
record CatSize(String label, CatConfig config) {
  private static final int LATENT_CHANNELS = 4;
  private static final int HEAD_WIDTH = 32;
  private static final int EXPANSION = 4;
  private static final int CONDITION_WIDTH = 1024;
  private static final CatCondition CLASSES = new CatCondition.Label(1000);
  private static final CatCondition TEXT = new CatCondition.Text(768, 77);

  /** All sizes. */
  static final List<CatSize> ALL =
      List.of(
          size("CaT-B0", 32, 1, List.of(256, 448, 1024), List.of(2, 3, 3), CLASSES),
          size("CaT-L0", 64, 2, List.of(192, 256, 832), List.of(3, 4, 7), CLASSES),
          size("CaT-L1", 64, 2, List.of(128, 512, 960), List.of(3, 3, 5), CLASSES),
          size("CaT-S0", 32, 1, List.of(128, 320, 512), List.of(1, 1, 6), TEXT),
          size("CaT-S1", 32, 1, List.of(192, 384, 768), List.of(1, 3, 4), TEXT));

  private static CatSize size(
      String label,
      int imgSize,
      int patch,
      List<Integer> widths,
      List<Integer> depths,
      CatCondition condition) {
    return new CatSize(
        label,
        new CatConfig(
            imgSize,
            LATENT_CHANNELS,
            patch,
            widths,
            depths,
            HEAD_WIDTH,
            EXPANSION,
            CONDITION_WIDTH,
            condition));
  }
}
