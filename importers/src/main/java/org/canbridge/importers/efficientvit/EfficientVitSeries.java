package org.canbridge.importers.efficientvit;

import java.util.Arrays;
import java.util.List;

/** The two series of EfficientViT; they differ in their blocks, activation and norm. */
public enum EfficientVitSeries {
  /** B0 to B3, {@code EfficientViTBackbone}: depthwise blocks and Hardswish. */
  B("b", 1e-5),
  /** L0 to L3, {@code EfficientViTLargeBackbone}: full convolutions first, and tanh-GELU. */
  L("l", 1e-7);

  private final String label;
  private final double normEps;

  EfficientVitSeries(String label, double normEps) {
    this.label = label;
    this.normEps = normEps;
  }

  /** The word in {@code config.json}. */
  public String label() {
    return label;
  }

  /**
   * The eps of every batch norm and layer norm of the published models; the authors set it after
   * construction ({@code cls_model_zoo.py}), and no file holds it.
   */
  public double normEps() {
    return normEps;
  }

  static List<String> labels() {
    return Arrays.stream(values()).map(EfficientVitSeries::label).toList();
  }

  static EfficientVitSeries of(String label) {
    return Arrays.stream(values()).filter(s -> s.label.equals(label)).findFirst().orElseThrow();
  }
}
