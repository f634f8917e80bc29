package org.canbridge.importers;

/** Every way in which an input file can be wrong. */
public enum Problem {
  // any file
  MISSING,
  IS_A_DIRECTORY,
  NOT_A_CHECKPOINT,
  UNREADABLE,
  TRUNCATED
}
