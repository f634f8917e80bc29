package org.canbridge.runtime.lifting;

import org.canbridge.tensors.files.Problem;

/** Why the graph of an ONNX model is not read as a network. */
public enum GraphProblem implements Problem {
  /** An operation, an argument or a result that there is nothing for here. */
  NO_COUNTERPART,
  /** A role was given to a node that is not there. */
  NO_SUCH_NODE
}
