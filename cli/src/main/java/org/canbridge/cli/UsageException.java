package org.canbridge.cli;

/** The command line is wrong: what is wrong with it, and what would be right. */
final class UsageException extends Exception {
  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
