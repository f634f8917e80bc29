package org.canbridge.runtime.diffusion;

import java.util.Arrays;

/** A sum of latents with factors, added up from left to right. */
final class Combination {
  private final Latents like;
  private final double[] values;

  private Combination(Latents like) {
    this.like = like;
    this.values = new double[like.values().length];
  }

  /** {@code factor * x}. */
  static Combination of(double factor, Latents x) {
    Combination combination = new Combination(x);
    Arrays.setAll(combination.values, i -> factor * x.get(i));
    return combination;
  }

  /**
   * Adds {@code factor * x}.
   *
   * @throws IllegalArgumentException if x has another number of values
   */
  Combination plus(double factor, Latents x) {
    if (x.values().length != values.length) {
      throw new IllegalArgumentException("cannot add " + x + " to " + like);
    }
    for (int i = 0; i < values.length; i++) {
      values[i] += factor * x.get(i);
    }
    return this;
  }

  /** The sum; no more can be added. */
  Latents sum() {
    return new Latents(like.shape(), values);
  }
}
