package org.canbridge.importers;

import org.canbridge.tensors.files.Problem;

/** Why a recognised file cannot be imported. */
public enum ImportProblem implements Problem {
  /** The sets of weights in one file have different tensors. */
  UNEQUAL_WEIGHTS,
  /** The file cannot tell something that must be known. */
  NEEDS_OPTION,
  /** The sizes are those of no network. */
  IMPOSSIBLE_CONFIG
}
