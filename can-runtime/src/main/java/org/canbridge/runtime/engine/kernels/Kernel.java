package org.canbridge.runtime.engine.kernels;

/** An operator of the library, told apart as far as its kernels are. */
public enum Kernel {
  /**
   * {@code torch.linear}; 1x1 convolutions and patch embeddings too, which are linear maps of
   * unfolded patches.
   */
  LINEAR("linear"),
  /** oneDNN's linear layer over weights that were laid out once, with or without GELU. */
  PACKED_LINEAR("packed linear"),
  /** {@code torch.bmm}, {@code torch.baddbmm}, {@code torch.matmul}. */
  BATCHED_PRODUCT("batched product"),
  /** Convolutions in one group, stride 1, channels multiples of {@link #BLOCK}. */
  CONVOLUTION("convolution"),
  /** The same where input or output channels are no multiple of {@link #BLOCK}. */
  PARTIAL_CONVOLUTION("convolution, partial blocks"),
  /** These with zeros that fill up their channels: what takes their place. */
  FILLED_CONVOLUTION("convolution, filled up"),
  /** Convolutions in one group with a larger stride. */
  STRIDED_CONVOLUTION("convolution, strided"),
  /** Convolutions in several groups. */
  GROUPED_CONVOLUTION("convolution, grouped"),
  /** Convolutions with a group for each channel. */
  DEPTHWISE_CONVOLUTION("convolution, depthwise"),
  /** Scaled dot-product attention, masked too. */
  ATTENTION("attention"),
  /** Layer, group and batch norm. */
  NORM("norms"),
  /** Activation functions and softmax. */
  ACTIVATION("activations"),
  /** Rows of a table by number. */
  EMBEDDING("embedding"),
  /** The fused AdamW. */
  ADAMW("AdamW");

  /** Channels that oneDNN's kernels compute at once. */
  public static final int BLOCK = 16;

  private final String label;

  Kernel(String label) {
    this.label = label;
  }

  /** What a convolution asks for. */
  public static Kernel ofConvolution(long inChannels, long outChannels, int stride, int groups) {
    if (groups > 1) {
      return groups == inChannels ? DEPTHWISE_CONVOLUTION : GROUPED_CONVOLUTION;
    }
    if (stride > 1) {
      return STRIDED_CONVOLUTION;
    }
    return missing(inChannels) + missing(outChannels) > 0 ? PARTIAL_CONVOLUTION : CONVOLUTION;
  }

  /** How many channels are missing to whole blocks. */
  public static long missing(long channels) {
    return (BLOCK - channels % BLOCK) % BLOCK;
  }

  /** Its name in tables and files. */
  public String label() {
    return label;
  }

  /**
   * The kernel of a name.
   *
   * @throws IllegalArgumentException if there is none
   */
  static Kernel labelled(String label) {
    for (Kernel kernel : values()) {
      if (kernel.label.equals(label)) {
        return kernel;
      }
    }
    throw new IllegalArgumentException("no kernel '" + label + "'");
  }
}
