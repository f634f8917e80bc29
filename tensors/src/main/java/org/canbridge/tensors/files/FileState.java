package org.canbridge.tensors.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;

/**
 * By what a file is known to be the same, without reading it again.
 *
 * @param path its name
 * @param bytes its size
 * @param modified when it was last written
 * @param key which file it is, where the file system tells; else null
 */
public record FileState(Path path, long bytes, FileTime modified, Object key) {

  /**
   * A file as it is now.
   *
   * @throws InputFileException if it is not there
   */
  public static FileState of(Path path) {
    try {
      BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
      return new FileState(path, now.size(), now.lastModifiedTime(), now.fileKey());
    } catch (IOException e) {
      throw changed(path, "it can no longer be read: " + e, e);
    }
  }

  /**
   * Checks that the file was neither written nor replaced.
   *
   * @throws InputFileException if it was
   */
  public void requireUnchanged() {
    FileState now = of(path);
    if (!Objects.equals(key, now.key)) {
      throw changed(path, "another file has this name now", null);
    }
    if (!equals(now)) {
      throw changed(
          path,
          bytes == now.bytes
              ? "it was written at " + now.modified
              : "it had " + bytes + " bytes and has " + now.bytes,
          null);
    }
  }

  private static InputFileException changed(Path path, String actual, Exception cause) {
    return InputFileException.of(FileProblem.CHANGED_WHILE_OPEN, path)
        .what("the file changed while it was read")
        .expected("the same bytes from beginning to end")
        .actual(actual)
        .next("let whatever writes it finish, then start again")
        .cause(cause)
        .build();
  }
}
