package org.canbridge.runtime.training.data;

import org.canbridge.tensors.files.Problem;

/** Ways in which a data set for training can be wrong. */
public enum DataProblem implements Problem {
  /** Neither a folder nor a file of any kind that is known. */
  NOT_A_TRAINING_SET,
  /** Part of the data set is not there. */
  TRAINING_SET_INCOMPLETE,
  /** The examples have another shape than the network takes. */
  EXAMPLE_SHAPE,
  /** A label outside the network's classes. */
  EXAMPLE_LABEL,
  /** A value that is not a number, or infinite. */
  EXAMPLE_NOT_FINITE,
  /** An image that no reader takes. */
  IMAGE_UNREADABLE,
  /** An image with more pixels than are decoded. */
  IMAGE_TOO_LARGE,
  /** A file among the examples that is none. */
  ODD_FILE,
  /** Fewer examples than one batch. */
  TOO_FEW_EXAMPLES
}
