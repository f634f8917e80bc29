package org.canbridge.tensors.files;

/** Ways in which any file can be wrong. */
public enum FileProblem implements Problem {
  /** There is no such file. */
  MISSING,
  /** A directory was given where a file is needed. */
  IS_A_DIRECTORY,
  /** A file was given where a directory is needed. */
  NOT_A_DIRECTORY,
  /** A pipe, a socket or a device. */
  NOT_A_REGULAR_FILE,
  /** The file has no bytes. */
  EMPTY,
  /** Git LFS left its pointer in place of the file. */
  LFS_POINTER,
  /** A web page (sign-in, error) saved under the file's name. */
  HTML_PAGE,
  /** The operating system refuses to read it. */
  UNREADABLE,
  /** The file ends before what its own header announces. */
  TRUNCATED,
  /** Bytes after the last tensor. */
  TRAILING_BYTES,
  /** The file became shorter after it was opened. */
  CHANGED_WHILE_OPEN
}
