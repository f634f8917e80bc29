package org.canbridge.importers.model;

import org.canbridge.tensors.files.Problem;

/** Ways in which a model, or its directory, can be wrong. */
public enum ModelProblem implements Problem {
  /** Tensors are missing, left over, or of another shape or type than the layout has. */
  KEY_MISMATCH,
  /** The tensors contradict an option. */
  CONTRADICTION,
  /** A directory without a {@code config.json} of ours. */
  NOT_A_MODEL_DIRECTORY,
  /** {@code config.json} is not one JSON object. */
  CONFIG_NOT_JSON,
  /** {@code config.json} is of another version of the format. */
  CONFIG_VERSION,
  /** A field of {@code config.json} is missing, unknown or wrong. */
  CONFIG_FIELD,
  /** What is said of the objective makes none of this network. */
  OBJECTIVE
}
