package org.canbridge.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import java.util.Optional;

/**
 * Remembers the first failure of the stream underneath, which a {@link java.io.PrintStream} on top
 * would only tell as a boolean. What is written after a failure is dropped.
 */
final class ResultStream extends OutputStream {
  private final OutputStream target;
  private IOException failure;

  ResultStream(OutputStream target) {
    this.target = target;
  }

  /** What went wrong first. */
  Optional<IOException> failure() {
    return Optional.ofNullable(failure);
  }

  /** Whether what went wrong is that nobody reads any more. */
  boolean broken() {
    return failure != null
        && String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT).contains("pipe");
  }

  @Override
  public void write(int b) {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) {
    if (failure == null) {
      try {
        target.write(bytes, offset, length);
      } catch (IOException e) {
        failure = e;
      }
    }
  }

  @Override
  public void flush() {
    if (failure == null) {
      try {
        target.flush();
      } catch (IOException e) {
        failure = e;
      }
    }
  }
}
