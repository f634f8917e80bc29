package org.canbridge.tensors.pickle;

import org.canbridge.tensors.files.Problem;

/** Ways in which a pickle can be wrong. */
public enum PickleProblem implements Problem {
  /** The pickle asks for a Python object that is not on the list. */
  GLOBAL,
  /** An instruction or a protocol that PyTorch does not write. */
  OPCODE,
  /** The pickle's instructions do not fit together. */
  MALFORMED,
  /** More bytes, instructions, entries or nesting than any checkpoint has. */
  LIMIT,
  /** A sparse, quantised, meta, nested or otherwise special tensor. */
  UNSUPPORTED_TENSOR,
  /** A storage has not as many bytes as the pickle says. */
  STORAGE_SIZE
}
