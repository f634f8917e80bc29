package org.canbridge.tensors.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

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
      return read(path);
    } catch (IOException e) {
      throw changed(path, "it can no longer be read: " + e, e);
    }
  }

  /** A file as it is now, before it is opened; empty if it cannot be. */
  public static Optional<FileState> find(Path path) {
    try {
      return Optional.of(read(path));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static FileState read(Path path) throws IOException {
    BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
    return new FileState(path, now.size(), now.lastModifiedTime(), now.fileKey());
  }

  /** Files as they are now, but for one that is known from before. */
  public static List<FileState> of(List<Path> files, Optional<FileState> known) {
    return files.stream()
        .map(file -> known.filter(state -> state.path.equals(file)).orElseGet(() -> of(file)))
        .toList();
  }

  /**
   * Checks that nobody wrote into the file. If its name has another file now, or none, whoever
   * opened it goes on reading the one that was opened.
   *
   * @throws InputFileException if somebody did
   */
  public void requireUnwritten() {
    find(path).filter(now -> Objects.equals(key, now.key)).ifPresent(this::requireSame);
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
    requireSame(now);
  }

  private void requireSame(FileState now) {
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
