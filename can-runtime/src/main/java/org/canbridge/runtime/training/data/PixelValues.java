package org.canbridge.runtime.training.data;

/**
 * What networks see of a pixel's byte: v / 255, minus 0.5, divided by 0.5, in float32, as in DiT.
 */
final class PixelValues {
  private static final float[] OF_BYTE = table();

  private PixelValues() {}

  private static float[] table() {
    float[] values = new float[256];
    for (int v = 0; v < values.length; v++) {
      values[v] = (v / 255f - 0.5f) / 0.5f;
    }
    return values;
  }

  /** The value in -1..1. */
  static float of(byte pixel) {
    return OF_BYTE[pixel & 0xff];
  }
}
