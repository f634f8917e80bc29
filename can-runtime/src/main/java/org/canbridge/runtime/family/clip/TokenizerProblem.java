package org.canbridge.runtime.family.clip;

import org.canbridge.tensors.files.Problem;

/** Ways in which the files of a tokenizer can be wrong. */
public enum TokenizerProblem implements Problem {
  /** A folder without a tokenizer's files. */
  MISSING,
  /** A tokenizer's file is not JSON, or has other fields. */
  MALFORMED,
  /** A tokenizer without CLIP's tokens for start and end. */
  NOT_CLIP,
  /** The tokenizer library does not take the definition. */
  REFUSED
}
