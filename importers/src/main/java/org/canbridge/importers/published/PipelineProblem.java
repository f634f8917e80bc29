package org.canbridge.importers.published;

import org.canbridge.tensors.files.Problem;

/** Ways in which the parts of a pipeline cannot be taken over. */
public enum PipelineProblem implements Problem {
  /** The index names a part that is not known. */
  UNKNOWN_PART,
  /** The index names a part that is not there. */
  MISSING_PART,
  /** The pipeline runs another kind of network. */
  OTHER_NETWORK,
  /** The scheduler steps through another training than the network's. */
  OTHER_TRAINING
}
