package org.canbridge.runtime.diffusion;

import org.canbridge.runtime.objective.NoiseLevel;

/**
 * The noise levels at which guidance acts (Kynkaanniemi et al. 2024: guidance harms at high noise
 * and is not needed at low noise).
 *
 * @param low least noise over signal, {@code sigma / alpha}, excluded unless 0
 * @param high largest noise over signal, included
 */
public record GuidanceInterval(double low, double high) {
  /** Every level. */
  public static final GuidanceInterval ALWAYS = new GuidanceInterval(0, Double.POSITIVE_INFINITY);

  /**
   * Checks the ends.
   *
   * @throws IllegalArgumentException if low is negative or not below high
   */
  public GuidanceInterval {
    if (!(low >= 0 && low < high)) {
      throw new IllegalArgumentException(
          "a guidance interval goes from 0 or more up, not from " + low + " to " + high);
    }
  }

  /** Whether guidance acts at a level. */
  public boolean contains(NoiseLevel level) {
    return (level.ratio() > low || low == 0) && level.ratio() <= high;
  }

  /** {@code low..high}. */
  @Override
  public String toString() {
    return low + ".." + high;
  }
}
