package org.canbridge.verifiers.metrics;

import org.canbridge.tensors.files.Problem;

/** Ways in which the statistics of features can be wrong. */
public enum StatisticsProblem implements Problem {
  /** A tensor is missing, left over, or has another type or shape than it should. */
  TENSORS,
  /** Values that are no mean and covariance. */
  VALUES
}
