package org.canbridge.tensors;

import java.nio.file.Path;
import org.canbridge.tensors.files.InputFileException;
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
  /** More tensors than any network has, or a name longer than any tensor's. */
  TOO_MUCH,
  /** A name occurs twice. */
  DUPLICATE_KEY;

  /** The message about a file with more than {@link TensorFile#MAX_TENSORS} tensors. */
  public static InputFileException tooMany(Path file) {
    return InputFileException.of(TOO_MUCH, file)
        .what("the file names more tensors than any network has")
        .expected("at most " + TensorFile.MAX_TENSORS)
        .next("check that this is a checkpoint")
        .build();
  }
}
