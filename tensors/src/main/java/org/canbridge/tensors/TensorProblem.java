package org.canbridge.tensors;

import org.canbridge.tensors.files.Problem;

/** Ways in which a file of tensors can be wrong, whatever its format. */
public enum TensorProblem implements Problem {
  /** No format that is read here. */
  NOT_A_CHECKPOINT,
  /** The header's length is past the format's limit. */
  HEADER_TOO_LARGE,
  /** The header is not a JSON object. */
  HEADER_NOT_JSON,
  /** An element type that no reader here knows. */
  UNKNOWN_DTYPE,
  /** A negative or overflowing size, or too many dimensions. */
  BAD_SHAPE,
  /** The bytes of a tensor are not as many as its shape and element type need. */
  SIZE_MISMATCH,
  /** NaN or infinity where weights are to be computed with. */
  NOT_FINITE,
  /** A name occurs twice. */
  DUPLICATE_KEY
}
