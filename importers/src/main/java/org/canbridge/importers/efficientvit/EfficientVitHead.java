package org.canbridge.importers.efficientvit;

import java.util.List;

/**
 * The classifier on top of the last stage, {@code ClsHead} of the authors' code.
 *
 * @param widthList channels of its convolution, and of its hidden layer
 * @param classes number of logits
 */
public record EfficientVitHead(List<Integer> widthList, int classes) {

  /** Keeps its own copy, which must hold two widths. */
  public EfficientVitHead {
    widthList = List.copyOf(widthList);
    if (widthList.size() != 2) {
      throw new IllegalArgumentException("head_width_list must hold 2 widths, holds " + widthList);
    }
  }
}
