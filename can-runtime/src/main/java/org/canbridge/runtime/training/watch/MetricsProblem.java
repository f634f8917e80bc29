package org.canbridge.runtime.training.watch;

import org.canbridge.tensors.files.Problem;

/** Ways in which the metrics of a run can be wrong. */
public enum MetricsProblem implements Problem {
  /** A line of a run's metrics is no JSON object of ours, or out of order. */
  MALFORMED
}
