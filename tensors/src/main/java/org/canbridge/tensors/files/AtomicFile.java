package org.canbridge.tensors.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/**
 * A file that appears under its name complete or not at all. What is written goes to a temporary
 * file in the same folder; {@link #commit()} brings it to the disk and renames it; closing without
 * a commit deletes it. What a killed process left is deleted when the same name is written again:
 * the temporary file is locked while its process lives.
 *
 * <pre>{@code
 * try (AtomicFile file = AtomicFile.create(target)) {
 *   file.channel().write(bytes);
 *   file.commit();
 * }
 * }</pre>
 */
public final class AtomicFile implements AutoCloseable {
  /** Closing any channel of a file drops the process's locks on it, so these are left alone. */
  private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();

  private final Path target;
  private final Path temporary;
  private final FileChannel channel;
  private boolean committed;

  private AtomicFile(Path target, Path temporary, FileChannel channel) {
    this.target = target;
    this.temporary = temporary;
    this.channel = channel;
  }

  /**
   * Creates the temporary file.
   *
   * @param target the final name; a file of this name is replaced by {@link #commit()}
   * @throws IOException if the folder is missing or cannot be written
   */
  public static AtomicFile create(Path target) throws IOException {
    Path absolute = target.toAbsolutePath();
    removeLeftovers(absolute);
    String suffix = Integer.toHexString(ThreadLocalRandom.current().nextInt());
    Path temporary = absolute.resolveSibling("." + absolute.getFileName() + "." + suffix + ".tmp");
    OPEN.add(temporary);
    try {
      FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      tryLock(channel);
      return new AtomicFile(absolute, temporary, channel);
    } catch (IOException | RuntimeException e) {
      OPEN.remove(temporary);
      throw e;
    }
  }

  /** Whether the file was locked; it is not where its owner lives, or where there are no locks. */
  private static boolean tryLock(FileChannel channel) {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (IOException e) {
      return false;
    }
  }

  private static void removeLeftovers(Path target) throws IOException {
    Pattern name =
        Pattern.compile(Pattern.quote("." + target.getFileName()) + "[.-][0-9a-f-]{1,36}\\.tmp");
    try (DirectoryStream<Path> left =
        Files.newDirectoryStream(
            target.getParent(), entry -> name.matcher(entry.getFileName().toString()).matches())) {
      for (Path each : left) {
        if (!OPEN.contains(each) && Files.isRegularFile(each, LinkOption.NOFOLLOW_LINKS)) {
          removeIfLeft(each);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  private static void removeIfLeft(Path temporary) throws IOException {
    try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
      if (tryLock(channel)) {
        Files.deleteIfExists(temporary);
      }
    } catch (NoSuchFileException | AccessDeniedException e) {
      return; // its owner was quicker, or is another user
    }
  }

  /**
   * Writes a text file in UTF-8.
   *
   * @param target the file; one of this name is replaced
   * @throws IOException if it cannot be written; the target is then as it was
   */
  public static void write(Path target, String text) throws IOException {
    try (AtomicFile file = create(target)) {
      file.write(StandardCharsets.UTF_8.encode(text));
      file.commit();
    }
  }

  /**
   * Writes all of it.
   *
   * @throws IOException that names the target; of a full disk, a channel's own does not
   */
  public void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel().write(bytes);
    }
  }

  /**
   * Writes all of it over what was written from {@code at} on.
   *
   * @throws IOException that names the target
   */
  public void overwrite(long at, ByteBuffer bytes) throws IOException {
    long next = at;
    while (bytes.hasRemaining()) {
      try {
        next += channel.write(bytes, next);
      } catch (IOException e) {
        throw named(e);
      }
    }
  }

  /** Where to write, from the start of the empty file on; what fails names the target. */
  public WritableByteChannel channel() {
    return new WritableByteChannel() {
      @Override
      public int write(ByteBuffer bytes) throws IOException {
        try {
          return channel.write(bytes);
        } catch (IOException e) {
          throw named(e);
        }
      }

      @Override
      public boolean isOpen() {
        return channel.isOpen();
      }

      @Override
      public void close() throws IOException {
        channel.close();
      }
    };
  }

  /** How many bytes were written. */
  public long position() throws IOException {
    return channel.position();
  }

  private IOException named(IOException e) {
    String reason = e.getMessage() == null ? e.toString() : e.getMessage();
    FileSystemException named = new FileSystemException(target.toString(), null, reason);
    named.initCause(e);
    return named;
  }

  /**
   * Brings the content to the disk and gives the file its name, replacing what bore it.
   *
   * @throws IOException if the disk is full or the rename fails; the target is then as it was
   */
  public void commit() throws IOException {
    try {
      channel.force(true);
    } catch (IOException e) {
      throw named(e);
    }
    // Open until then: closing gives the lock back, and others take what is not locked for left.
    Files.move(
        temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    committed = true;
    channel.close();
    syncFolder();
  }

  /**
   * The rename itself survives a power cut only if the folder is synced, where that is possible.
   */
  private void syncFolder() {
    try (FileChannel folder = FileChannel.open(target.getParent(), StandardOpenOption.READ)) {
      folder.force(true);
    } catch (IOException e) {
      // Windows opens no folders; the file itself is complete either way.
      return;
    }
  }

  /** Deletes the temporary file unless it was committed. */
  @Override
  public void close() throws IOException {
    try {
      channel.close();
      if (!committed) {
        Files.deleteIfExists(temporary);
      }
    } finally {
      OPEN.remove(temporary);
    }
  }
}
