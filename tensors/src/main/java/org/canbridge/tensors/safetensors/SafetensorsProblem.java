package org.canbridge.tensors.safetensors;

import org.canbridge.tensors.files.Problem;

/** Ways in which a safetensors header can be wrong. */
public enum SafetensorsProblem implements Problem {
  /** A tensor's header entry has missing, unknown or ill-typed fields. */
  BAD_HEADER_ENTRY,
  /** {@code __metadata__} is not an object of strings. */
  BAD_METADATA,
  /** {@code data_offsets} are negative or reversed. */
  BAD_OFFSETS,
  /** Two tensors share bytes. */
  OVERLAP,
  /** Bytes between tensors that belong to none. */
  HOLE
}
