package org.canbridge.runtime;

import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;

/**
 * The features of some texts and, last, of the text that guidance leads away from (usually empty).
 * Samplers count texts as they count classes, the last one being the null class.
 */
public final class TextConditions {
  private final float[] features;
  private final int tokens;
  private final int width;

  /**
   * The conditions.
   *
   * @param features {@code (P + 1, N, D)}, row-major: N tokens of width D for each text; not copied
   * @param tokens N
   * @param width D
   * @throws IllegalArgumentException if there are not the features of two texts at least
   */
  public TextConditions(float[] features, int tokens, int width) {
    int size = Math.multiplyExact(tokens, width);
    if (size < 1 || features.length % size != 0 || features.length / size < 2) {
      throw new IllegalArgumentException(
          features.length + " numbers are no features of texts of " + tokens + "x" + width);
    }
    this.features = features;
    this.tokens = tokens;
    this.width = width;
  }

  /** Number N of tokens of a text. */
  public int tokens() {
    return tokens;
  }

  /** Width D of a token's features. */
  public int width() {
    return width;
  }

  /** Number of texts P, without the last one. */
  public int texts() {
    return features.length / (tokens * width) - 1;
  }

  /** The features {@code (B, N, D)} of the texts with the given numbers. */
  TensorData rows(long[] numbers) {
    int size = tokens * width;
    float[] rows = new float[numbers.length * size];
    for (int row = 0; row < numbers.length; row++) {
      System.arraycopy(features, (int) numbers[row] * size, rows, row * size, size);
    }
    return MemoryTensor.of(rows, numbers.length, tokens, width);
  }
}
