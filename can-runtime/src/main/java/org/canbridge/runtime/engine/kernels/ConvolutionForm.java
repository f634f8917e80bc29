package org.canbridge.runtime.engine.kernels;

/**
 * How a convolution is asked for.
 *
 * @param padded whether zeros fill its channels up to whole blocks ({@link Kernel#BLOCK}) on both
 *     sides and the result is sliced
 * @param wide whether it runs in float32 although the network is bfloat16
 */
public record ConvolutionForm(boolean padded, boolean wide) {
  /** As it stands in the network. */
  public static final ConvolutionForm PLAIN = new ConvolutionForm(false, false);

  /** With channels filled up. */
  public static final ConvolutionForm PADDED = new ConvolutionForm(true, false);

  /** In float32. */
  public static final ConvolutionForm WIDE = new ConvolutionForm(false, true);
}
