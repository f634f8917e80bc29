package org.canbridge.cli;

/** What the process tells its caller; part of the command line's contract. */
enum ExitStatus {
  /** Done, and everything that was compared is equal. */
  OK(0),
  /** Done, and something that was compared differs. */
  DIFFERENCE(1),
  /** The command line itself is wrong; nothing was done. */
  USAGE(2),
  /** An input file is bad; nothing was written. */
  BAD_INPUT(3),
  /** Anything else: the disk is full, the output exists already, a bug. */
  FAILURE(4),
  /** Stopped by an interrupt, as shells count it: 128 + SIGINT. */
  INTERRUPTED(130),
  /** The reader of the results went away, as shells count it: 128 + SIGPIPE. */
  BROKEN_PIPE(141);

  private final int code;

  ExitStatus(int code) {
    this.code = code;
  }

  /** The number that {@code $?} holds. */
  int code() {
    return code;
  }
}
