package org.canbridge.tensors.npy;

import org.canbridge.tensors.files.Problem;

/** Ways in which a {@code .npy} file can be wrong. */
public enum NpyProblem implements Problem {
  /** The first bytes are not those of a {@code .npy} file, or of an unknown version. */
  MAGIC,
  /** The header is not the dictionary that NumPy writes. */
  HEADER,
  /** An array of Python objects where one of numbers is needed, or the reverse. */
  OBJECTS
}
