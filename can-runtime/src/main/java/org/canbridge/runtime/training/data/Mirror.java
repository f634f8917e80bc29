package org.canbridge.runtime.training.data;

import org.canbridge.runtime.diffusion.ImageShape;

/** Flips examples from left to right. */
final class Mirror {
  private Mirror() {}

  /** Turns every row of {@code (C, H, W)} round, in place. */
  static void flip(float[] values, ImageShape shape) {
    int width = shape.width();
    for (int row = 0; row < values.length; row += width) {
      for (int left = row, right = row + width - 1; left < right; left++, right--) {
        float swapped = values[left];
        values[left] = values[right];
        values[right] = swapped;
      }
    }
  }
}
