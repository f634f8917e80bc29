package org.canbridge.cli;

import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;

/** Something is there already, and the command knows what can be done. */
final class OccupiedException extends FileAlreadyExistsException {
  private static final long serialVersionUID = 1;

  private final String next;

  /**
   * Says what there is to do.
   *
   * @param reason what is there
   * @param next ends the message
   */
  OccupiedException(Path path, String reason, String next) {
    super(path.toString(), null, reason);
    this.next = next;
  }

  /** What there is to do. */
  String next() {
    return next;
  }
}
