package org.canbridge.tensors.onnx;

import org.canbridge.tensors.files.Problem;

/** Ways in which an ONNX model can be wrong. */
public enum OnnxProblem implements Problem {
  /** Larger than a protocol buffers message can be. */
  TOO_LARGE,
  /** The bytes are no {@code ModelProto}. */
  MALFORMED,
  /** An initializer without a name. */
  NAMELESS,
  /** A tensor's elements are stored in more than one place. */
  AMBIGUOUS_DATA,
  /** A tensor that is stored in segments. */
  SEGMENT,
  /** A sparse initializer. */
  SPARSE,
  /** An element that its type cannot hold. */
  VALUE_RANGE,
  /** A weight that the exporter renamed beyond recovery. */
  RENAMED,
  /** External data outside the model's folder. */
  EXTERNAL_PATH,
  /** The external data file is not there. */
  EXTERNAL_MISSING,
  /** Offset or length leave the external data file. */
  EXTERNAL_RANGE
}
