package org.canbridge.importers.detection;

import org.canbridge.tensors.files.Problem;

/** Why a file holds no set of weights that can be taken. */
public enum DetectionProblem implements Problem {
  /** The tensors are those of no network that is known. */
  UNKNOWN_FAMILY,
  /** The network is known by name and not read. */
  UNSUPPORTED_FAMILY,
  /** {@code --weights} asks for a set that the file does not hold. */
  NO_SUCH_WEIGHTS,
  /** Some names carry a training wrapper's prefix, others do not. */
  MIXED_PREFIX
}
