package org.canbridge.runtime.training;

import org.canbridge.tensors.files.Problem;

/** Ways in which the directory of a training run cannot be used. */
public enum TrainingProblem implements Problem {
  /** A training run's directory is none, is damaged, or was begun with other settings. */
  STATE
}
