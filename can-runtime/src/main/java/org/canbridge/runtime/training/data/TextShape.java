package org.canbridge.runtime.training.data;

/**
 * Shape {@code (L, D)} of the text features of one example.
 *
 * @param tokens L, e.g. 77
 * @param width D, e.g. 768
 */
public record TextShape(int tokens, int width) {

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if a size is not positive
   * @throws ArithmeticException if one text has more than {@link Integer#MAX_VALUE} values
   */
  public TextShape {
    if (tokens < 1 || width < 1) {
      throw new IllegalArgumentException(
          "text features need positive sizes, not " + tokens + "x" + width);
    }
    Math.multiplyExact(tokens, width);
  }

  /** Number of values of one text, L * D. */
  public int size() {
    return tokens * width;
  }

  @Override
  public String toString() {
    return tokens + "x" + width;
  }
}
