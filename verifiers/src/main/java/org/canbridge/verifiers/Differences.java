package org.canbridge.verifiers;

import java.util.List;
import java.util.Optional;

/**
 * What a comparison of two tensors of one shape found, in float64.
 *
 * @param elements number of elements
 * @param bad elements out of tolerance; one that is NaN or infinite on either side always is
 * @param worst the first element that is not finite, else the one that is furthest beyond (or
 *     nearest to) its tolerance; empty for a tensor without elements
 * @param maxAbsolute largest {@code |actual - expected|} where both are finite
 * @param maxRelative largest {@code |actual - expected| / |expected|} where both are finite;
 *     infinite if a zero is not met exactly
 * @param factorNeeded the tolerance's both parts times this would have passed: above 1 if and only
 *     if an element is bad; infinite if no factor would do
 * @param rtolNeeded the smallest relative part that passes with the absolute part as it is;
 *     infinite if none would do
 * @param nonFiniteExpected NaN and infinities in the reference
 * @param nonFiniteActual NaN and infinities in the subject
 */
public record Differences(
    long elements,
    long bad,
    Optional<Element> worst,
    double maxAbsolute,
    double maxRelative,
    double factorNeeded,
    double rtolNeeded,
    long nonFiniteExpected,
    long nonFiniteActual) {

  /**
   * One element of both tensors.
   *
   * @param index position in each dimension; empty for a scalar
   * @param expected the reference's value
   * @param actual the subject's value
   */
  public record Element(List<Long> index, double expected, double actual) {
    /** Keeps a copy of the index. */
    public Element {
      index = List.copyOf(index);
    }
  }

  /** Share of bad elements, 0 to 1. */
  public double badShare() {
    return elements == 0 ? 0 : (double) bad / elements;
  }
}
