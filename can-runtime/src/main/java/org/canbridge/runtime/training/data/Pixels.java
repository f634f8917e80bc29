package org.canbridge.runtime.training.data;

/** A picture as bytes. */
final class Pixels {
  private final int width;
  private final int height;
  private final int channels;
  private final byte[] bytes;

  /**
   * Takes the bytes over.
   *
   * @param channels 1 or 3
   * @param bytes row by row, the channels of a pixel side by side
   */
  Pixels(int width, int height, int channels, byte[] bytes) {
    this.width = width;
    this.height = height;
    this.channels = channels;
    this.bytes = bytes;
  }

  int width() {
    return width;
  }

  int height() {
    return height;
  }

  int channels() {
    return channels;
  }

  byte[] bytes() {
    return bytes;
  }
}
