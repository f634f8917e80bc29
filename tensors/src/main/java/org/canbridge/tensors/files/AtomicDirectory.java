package org.canbridge.tensors.files;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A directory that appears under its name when it is complete. It is filled under a temporary name
 * beside it; when that fails, nothing is left, and a directory that was to be replaced stands as it
 * was.
 */
public final class AtomicDirectory implements AutoCloseable {
  private final Path target;
  private final Path temporary;
  private final String suffix;

  private AtomicDirectory(Path target, Path temporary, String suffix) {
    this.target = target;
    this.temporary = temporary;
    this.suffix = suffix;
  }

  /** Starts an empty directory; the parent is made if it is missing. */
  public static AtomicDirectory create(Path directory) throws IOException {
    Path target = directory.toAbsolutePath().normalize();
    Files.createDirectories(target.getParent());
    String suffix = Integer.toHexString(ThreadLocalRandom.current().nextInt());
    Path temporary = target.resolveSibling("." + target.getFileName() + "." + suffix + ".tmp");
    Files.createDirectory(temporary);
    return new AtomicDirectory(target, temporary, suffix);
  }

  /** Where its files are written until {@link #commit()}. */
  public Path path() {
    return temporary;
  }

  /** Writes a text file in UTF-8. */
  public void write(String name, String content) throws IOException {
    AtomicFile.write(temporary.resolve(name), content);
  }

  /** Gives the directory its name, in place of one that is there. */
  public void commit() throws IOException {
    Path old = target.resolveSibling("." + target.getFileName() + "." + suffix + ".old");
    boolean replacing = Files.exists(target, LinkOption.NOFOLLOW_LINKS);
    if (replacing) {
      Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
    }
    try {
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      if (replacing) {
        Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
      }
      throw e;
    }
    delete(old);
  }

  /** Removes what was not committed. */
  @Override
  public void close() throws IOException {
    delete(temporary);
  }

  /**
   * Deletes a directory of ours, if it is there, with everything in it; links are deleted, not
   * followed.
   */
  public static void delete(Path directory) throws IOException {
    if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, IOException failure)
              throws IOException {
            if (failure != null && !(failure instanceof NoSuchFileException)) {
              throw failure;
            }
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
