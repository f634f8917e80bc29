package org.canbridge.importers.efficientvit;

/**
 * A convolution with what follows it, {@code ConvLayer} of the authors' code; padding keeps the
 * size at stride 1.
 *
 * @param name its module below the block, e.g. {@code inverted_conv}
 * @param in channels of its input
 * @param out channels of its output
 * @param kernel side of the kernel
 * @param stride 1 or 2
 * @param depthwise whether each channel has a kernel of its own
 * @param tail what follows
 */
public record ConvLayer(
    String name, Channels in, Channels out, int kernel, int stride, boolean depthwise, Tail tail) {

  /** What follows the convolution. */
  public enum Tail {
    /** Nothing. */
    NONE,
    /** Batch norm. */
    NORM,
    /** Batch norm and activation. */
    NORM_ACTIVATION,
    /** A bias in place of the norm, and activation. */
    BIAS_ACTIVATION;

    /** Whether the convolution has a bias. */
    public boolean hasBias() {
      return this == BIAS_ACTIVATION;
    }

    /** Whether a batch norm follows. */
    public boolean hasNorm() {
      return this == NORM || this == NORM_ACTIVATION;
    }

    /** Whether an activation ends the layer. */
    public boolean hasActivation() {
      return this == NORM_ACTIVATION || this == BIAS_ACTIVATION;
    }
  }
}
