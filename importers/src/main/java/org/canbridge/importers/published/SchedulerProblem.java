package org.canbridge.importers.published;

import org.canbridge.tensors.files.Problem;

/** Ways in which a scheduler of diffusers cannot be used. */
public enum SchedulerProblem implements Problem {
  /** A scheduler of diffusers, or a setting of one, that is not followed here. */
  UNSUPPORTED
}
