package org.canbridge.tensors.idx;

import org.canbridge.tensors.files.Problem;

/** Ways in which an IDX file can be wrong. */
public enum IdxProblem implements Problem {
  /** The first bytes are not those of an IDX file of bytes. */
  MAGIC,
  /** The gzip stream is damaged, or holds more or less than its content announces. */
  GZIP_DAMAGED
}
