package org.canbridge.tensors.torch;

import org.canbridge.tensors.files.Problem;

/** Ways in which a file of {@code torch.save} can be wrong. */
public enum TorchProblem implements Problem {
  /** The zip archive's directory or a local header is inconsistent. */
  ZIP_DAMAGED,
  /** An entry of the zip archive is compressed or encrypted. */
  ZIP_ENTRY_NOT_STORED,
  /** A program of {@code torch.jit.save} that has no parameters and buffers. */
  TORCHSCRIPT,
  /** A tar archive, as PyTorch wrote it before version 0.1.10. */
  TAR,
  /** Written on a big-endian machine. */
  BIG_ENDIAN,
  /** A tensor's data are not in the file. */
  STORAGE_MISSING,
  /** A tensor reaches past the end of its storage. */
  TENSOR_OUTSIDE_STORAGE,
  /** Strides repeat a few stored elements into more than the file could hold. */
  EXPANDED_TOO_LARGE
}
