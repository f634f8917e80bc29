package org.canbridge.runtime.diffusion;

/**
 * Shape {@code (C, H, W)} of one image or latent.
 *
 * @param channels C
 * @param height H in pixels (cells of the latent)
 * @param width W in pixels (cells of the latent)
 */
public record ImageShape(int channels, int height, int width) {

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if a size is not positive
   * @throws ArithmeticException if one image has more than {@link Integer#MAX_VALUE} values
   */
  public ImageShape {
    if (channels < 1 || height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "an image needs positive sizes, not " + channels + "x" + height + "x" + width);
    }
    Math.multiplyExact(Math.multiplyExact(channels, height), width);
  }

  /** Number of values of one image, C * H * W. */
  public int size() {
    return channels * height * width;
  }

  /** Number of values of one channel, H * W. */
  public int plane() {
    return height * width;
  }

  @Override
  public String toString() {
    return channels + "x" + height + "x" + width;
  }
}
