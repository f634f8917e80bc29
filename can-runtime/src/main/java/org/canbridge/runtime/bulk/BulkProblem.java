package org.canbridge.runtime.bulk;

import org.canbridge.tensors.files.Problem;

/** Ways in which a folder for images cannot be used. */
public enum BulkProblem implements Problem {
  /** The folder for images holds those of another run, or other files. */
  SAMPLES_OF_OTHER_SETTINGS
}
