package org.canbridge.verifiers;

/** How the comparison of one named tensor ended, in the order in which the checks are made. */
public enum Outcome {
  /** Same shape, same kind of elements, every value within the tolerance. */
  EQUAL,
  /** The reference has it, the subject does not. */
  MISSING,
  /** The subject has it, the reference does not. */
  UNEXPECTED,
  /** The shapes differ; no value was looked at. */
  SHAPE_DIFFERS,
  /** Floating point against integer or boolean; no value was looked at. */
  DTYPE_DIFFERS,
  /** A value is out of tolerance, or not finite on either side. */
  VALUES_DIFFER,
  /** Left out for a stated reason. */
  NOT_CHECKED;

  /** Whether a report that holds such an outcome fails. */
  public boolean isFailure() {
    return this != EQUAL && this != NOT_CHECKED;
  }
}
