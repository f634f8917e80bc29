package org.canbridge.tensors.files;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A directory that appears under its name when it is complete. It is filled under a temporary name
 * beside it; when that fails, nothing is left, and a directory that was to be replaced stands as it
 * was. One process makes a name at a time ({@link NameLock}); what a killed one left is removed by
 * the next, and what it had moved aside to replace is put back.
 */
public final class AtomicDirectory implements AutoCloseable {
  private final Path target;
  private final Path temporary;
  private final String suffix;
  private final NameLock lock;
  private final Deque<Path> made;
  private boolean committed;

  private AtomicDirectory(Path target, String suffix, NameLock lock, Deque<Path> made) {
    this.target = target;
    this.suffix = suffix;
    this.temporary = target.resolveSibling("." + target.getFileName() + "." + suffix + ".tmp");
    this.lock = lock;
    this.made = made;
  }

  /**
   * Starts an empty directory; the parent is made if it is missing.
   *
   * @throws java.nio.file.FileSystemException if another process is making the same one
   */
  public static AtomicDirectory create(Path directory) throws IOException {
    Path target = directory.toAbsolutePath().normalize();
    Deque<Path> made = new ArrayDeque<>();
    try {
      makeFolders(target.getParent(), made);
      NameLock lock = NameLock.take(target);
      try {
        if (lock.isExclusive()) {
          tidy(target);
        }
        String suffix = Integer.toHexString(ThreadLocalRandom.current().nextInt());
        AtomicDirectory started = new AtomicDirectory(target, suffix, lock, made);
        Files.createDirectory(started.temporary);
        return started;
      } catch (IOException | RuntimeException e) {
        lock.close();
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      removeEmpty(made);
      throw e;
    }
  }

  /**
   * Makes a folder with its parents.
   *
   * @param made gets those that were missing, the outermost first; see {@link #removeEmpty}
   */
  public static void makeFolders(Path folder, Deque<Path> made) throws IOException {
    Deque<Path> missing = new ArrayDeque<>();
    for (Path at = folder; at != null && !Files.exists(at); at = at.getParent()) {
      missing.push(at);
    }
    for (Path each : missing) {
      try {
        Files.createDirectory(each);
        made.add(each);
      } catch (FileAlreadyExistsException e) {
        if (!Files.isDirectory(each)) {
          throw e;
        }
      }
    }
    Files.createDirectories(folder); // says what is wrong if there is a file of that name
  }

  /** Takes folders away again, as far as nothing is in them. */
  public static void removeEmpty(Deque<Path> made) throws IOException {
    while (!made.isEmpty()) {
      try {
        Files.deleteIfExists(made.removeLast());
      } catch (DirectoryNotEmptyException e) {
        return;
      }
    }
  }

  /** Removes what killed processes left, and puts back what one had moved aside. */
  private static void tidy(Path target) throws IOException {
    Pattern name =
        Pattern.compile(
            Pattern.quote("." + target.getFileName() + ".") + "[0-9a-f]{1,8}\\.(tmp|old)");
    List<Path> left = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(target.getParent())) {
      for (Path entry : entries) {
        Matcher matcher = name.matcher(entry.getFileName().toString());
        if (!matcher.matches() || !Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
          continue;
        }
        if (matcher.group(1).equals("old") && !Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
          Files.move(entry, target, StandardCopyOption.ATOMIC_MOVE);
        } else {
          left.add(entry);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    for (Path each : left) {
      delete(each);
    }
  }

  /** Where its files are written until {@link #commit()}. */
  public Path path() {
    return temporary;
  }

  /** Writes a text file in UTF-8. */
  public void write(String name, String content) throws IOException {
    AtomicFile.write(temporary.resolve(name), content);
  }

  /**
   * Gives the directory its name.
   *
   * @throws FileAlreadyExistsException if something of that name has appeared
   */
  public void commit() throws IOException {
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(target.toString());
    }
    Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    committed = true;
  }

  /** Gives the directory its name, in place of one that is there. */
  public void commitReplacing() throws IOException {
    if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      commit();
      return;
    }
    Path old = target.resolveSibling("." + target.getFileName() + "." + suffix + ".old");
    Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
    try {
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
      throw e;
    }
    committed = true;
    delete(old);
  }

  /** The content was taken out of {@link #path()} and has its name already. */
  public void taken() {
    committed = true;
  }

  /** Removes what was not committed. */
  @Override
  public void close() throws IOException {
    try (lock) {
      delete(temporary);
    } finally {
      if (!committed) {
        removeEmpty(made);
      }
    }
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
