package org.canbridge.runtime.training.data;

import java.nio.file.Path;

/**
 * A file that was left out because it cannot be used.
 *
 * @param file which
 * @param reason what is wrong with it, one line
 */
public record SkippedFile(Path file, String reason) {
  @Override
  public String toString() {
    return file + ": " + reason;
  }
}
