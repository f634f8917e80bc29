package org.canbridge.runtime.bulk;

import org.canbridge.tensors.files.Problem;

/** Ways in which a folder for images cannot be used. */
public enum BulkProblem implements Problem {
  /** The folder for images holds those of another run, or other files. */
  SAMPLES_OF_OTHER_SETTINGS,
  /** The file of a sampling job is no JSON object. */
  JOB_NOT_JSON,
  /** A field of a sampling job is missing, unknown or out of range. */
  JOB_FIELD,
  /** A sampling job asks for what its model cannot do. */
  JOB_OF_ANOTHER_MODEL
}
