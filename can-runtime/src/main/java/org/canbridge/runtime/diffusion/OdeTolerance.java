package org.canbridge.runtime.diffusion;

/**
 * How large the error of one step of an adaptive solver may be: {@code absolute + relative |x|}.
 *
 * @param absolute positive
 * @param relative positive
 */
public record OdeTolerance(double absolute, double relative) {
  /** Those of the SiT code. */
  public static final OdeTolerance USUAL = new OdeTolerance(1e-6, 1e-3);

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if one is not positive and finite
   */
  public OdeTolerance {
    for (double each : new double[] {absolute, relative}) {
      if (!(each > 0 && Double.isFinite(each))) {
        throw new IllegalArgumentException("a tolerance must be positive, not " + each);
      }
    }
  }
}
