package org.canbridge.importers.efficientvit;

import static org.canbridge.importers.efficientvit.EfficientVitSeries.B;
import static org.canbridge.importers.efficientvit.EfficientVitSeries.L;

import java.util.List;
import java.util.Optional;

/**
 * A model of mit-han-lab/efficientvit, {@code backbone.py} and {@code cls.py}.
 *
 * @param name e.g. {@code B0}
 * @param series which constructor
 * @param widths {@code width_list}
 * @param depths {@code depth_list}
 * @param dim width of an attention head
 * @param headWidths the widths of the classifier; none for a model published as a backbone only
 */
record EfficientVitModel(
    String name,
    EfficientVitSeries series,
    List<Integer> widths,
    List<Integer> depths,
    int dim,
    List<Integer> headWidths) {

  /** The eps of the attention in the authors' code, {@code LiteMLA}. */
  static final double ATTENTION_EPS = 1e-15;

  static final List<EfficientVitModel> ALL =
      List.of(
          model("B0", B, List.of(8, 16, 32, 64, 128), List.of(1, 2, 2, 2, 2), 16, 1024, 1280),
          model("B1", B, List.of(16, 32, 64, 128, 256), List.of(1, 2, 3, 3, 4), 16, 1536, 1600),
          model("B2", B, List.of(24, 48, 96, 192, 384), List.of(1, 3, 4, 4, 6), 32, 2304, 2560),
          model("B3", B, List.of(32, 64, 128, 256, 512), List.of(1, 4, 6, 6, 9), 32, 2304, 2560),
          model("L0", L, List.of(32, 64, 128, 256, 512), List.of(1, 1, 1, 4, 4), 32),
          model("L1", L, List.of(32, 64, 128, 256, 512), List.of(1, 1, 1, 6, 6), 32, 3072, 3200),
          model("L2", L, List.of(32, 64, 128, 256, 512), List.of(1, 2, 2, 8, 8), 32, 3072, 3200),
          model("L3", L, List.of(64, 128, 256, 512, 1024), List.of(1, 2, 2, 8, 8), 32, 6144, 6400));

  private static final int RGB = 3;
  private static final int IMAGENET_CLASSES = 1000;
  private static final int EXPAND_RATIO_B = 4;
  private static final List<Integer> EXPAND_LIST_L = List.of(1, 4, 4, 4, 6);

  private static EfficientVitModel model(
      String name,
      EfficientVitSeries series,
      List<Integer> widths,
      List<Integer> depths,
      int dim,
      Integer... headWidths) {
    return new EfficientVitModel(name, series, widths, depths, dim, List.of(headWidths));
  }

  /** The arguments: those of the ImageNet classifier, or of the backbone where there is none. */
  EfficientVitConfig config() {
    return new EfficientVitConfig(
        series,
        widths,
        depths,
        RGB,
        dim,
        series == L ? EXPAND_LIST_L : EfficientVitConfig.expansion(EXPAND_RATIO_B, widths.size()),
        headWidths.isEmpty()
            ? Optional.empty()
            : Optional.of(new EfficientVitHead(headWidths, IMAGENET_CLASSES)),
        series.normEps(),
        ATTENTION_EPS);
  }
}
