package org.canbridge.runtime.engine;

import org.canbridge.tensors.files.Problem;

/** Ways in which a file that an engine opens by itself can be wrong. */
enum EngineProblem implements Problem {
  /** ONNX Runtime does not open the model. */
  ONNX_REFUSED
}
