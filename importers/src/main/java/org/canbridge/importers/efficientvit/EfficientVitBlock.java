package org.canbridge.importers.efficientvit;

import java.util.List;

/** A block of an EfficientViT. */
public sealed interface EfficientVitBlock {

  /** The first layer of the stem. */
  record Stem(ConvLayer layer) implements EfficientVitBlock {}

  /**
   * Convolutions one after another, modules {@code main.<layer>} of the block.
   *
   * @param layers the convolutions
   * @param residual whether the block's input is added to their result
   */
  record Local(List<ConvLayer> layers, boolean residual) implements EfficientVitBlock {
    /** Keeps its own copy. */
    public Local {
      layers = List.copyOf(layers);
    }
  }

  /**
   * Multi-scale linear attention (module {@code context_module}), then a local block (module {@code
   * local_module}), both residual.
   *
   * @param width channels of input and output
   * @param local the local block
   */
  record Attention(Channels width, Local local) implements EfficientVitBlock {
    /** Side of the depthwise kernel that gathers the neighbours of the second scale. */
    public static final int SCALE = 5;
  }
}
