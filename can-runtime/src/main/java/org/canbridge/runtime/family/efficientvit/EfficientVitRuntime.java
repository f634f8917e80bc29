package org.canbridge.runtime.family.efficientvit;

import org.canbridge.importers.efficientvit.EfficientVitConfig;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.graph.Graph;

/**
 * EfficientViT, a classifier or backbone.
 *
 * @param config its arguments
 * @param side height and width of the images, pixels
 */
public record EfficientVitRuntime(EfficientVitConfig config, int side) implements RuntimeFamily {
  /** The network for square images of 224 pixels. */
  public EfficientVitRuntime(EfficientVitConfig config) {
    this(config, EfficientVit.USUAL_SIZE);
  }

  @Override
  public Graph graph() {
    return EfficientVit.graph(config, side, side);
  }

  @Override
  public RuntimeFamily ofSide(int other) {
    return new EfficientVitRuntime(config, other);
  }

  @Override
  public int pixelsPerCell() {
    return 1;
  }

  @Override
  public ModelConfig withNormsFolded() {
    if (config.batchNormFolded()) {
      throw new IllegalArgumentException("the batch norms of this model are folded already");
    }
    return config.withBatchNormFolded(true);
  }
}
