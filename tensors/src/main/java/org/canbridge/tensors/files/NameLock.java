package org.canbridge.tensors.files;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * The right to make, or to go on with, what bears a name. Whoever holds it may remove what a killed
 * holder left. It is a lock of the operating system on {@code .NAME.lock} beside the name, so the
 * end of a process releases it, however it ends; the file says who holds it. Where a file system
 * has no locks, nobody is refused and nothing is removed.
 */
public final class NameLock implements AutoCloseable {
  /** Closing any channel of a file drops the process's locks on it, so it is opened once. */
  private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();

  private static final int LONGEST_OWNER = 512;
  private static final int PADDING = 4096;
  private static final int OWNER_READS = 100;
  private static final long OWNER_NANOS = 10_000_000;

  private final Path file;
  private final FileChannel channel;
  private final boolean locked;

  private NameLock(Path file, FileChannel channel, boolean locked) {
    this.file = file;
    this.channel = channel;
    this.locked = locked;
  }

  /**
   * Takes the name.
   *
   * @param target the file or folder; its own folder must exist
   * @throws FileSystemException if somebody else holds it: {@code in use by process N on HOST since
   *     TIME}
   * @throws IOException if the folder cannot be written
   */
  public static NameLock take(Path target) throws IOException {
    Path absolute = target.toAbsolutePath().normalize();
    Path file = absolute.resolveSibling("." + absolute.getFileName() + ".lock");
    if (!OPEN.add(file)) {
      throw inUse(absolute, owner());
    }
    try {
      while (true) {
        NameLock lock = open(absolute, file);
        // A holder that ended meanwhile has removed the file that was locked here.
        try {
          if (lock.isCurrent()) {
            return lock;
          }
        } catch (IOException e) { // such as an interrupt, which closes the channel
          lock.close();
          throw e;
        }
        lock.channel.close();
      }
    } catch (IOException | RuntimeException e) {
      OPEN.remove(file);
      throw e;
    }
  }

  private static NameLock open(Path target, Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    FileLock lock;
    try {
      // Past the text, which others must be able to read where locks are mandatory.
      lock = channel.tryLock(Long.MAX_VALUE - 1, 1, false);
    } catch (IOException e) {
      return new NameLock(file, channel, false);
    }
    if (lock == null) {
      try (channel) {
        throw inUse(target, holder(channel));
      }
    }
    return new NameLock(file, channel, true);
  }

  /** Who holds it; somebody who took it just now may yet have to write that. */
  private static String holder(FileChannel channel) throws IOException {
    String owner = "";
    for (int i = 0; i < OWNER_READS && owner.isEmpty(); i++) {
      if (i > 0) {
        LockSupport.parkNanos(OWNER_NANOS);
      }
      ByteBuffer text = ByteBuffer.allocate(LONGEST_OWNER);
      channel.read(text, 0);
      owner = StandardCharsets.UTF_8.decode(text.flip()).toString().strip();
    }
    return owner.isEmpty() ? "another process" : owner;
  }

  /**
   * Whether the file that is locked still has the name. Opening it by name to compare would drop
   * the lock, so sizes are compared, twice, each time after another number of spaces was written.
   */
  private boolean isCurrent() throws IOException {
    for (int i = 0; locked && i < 2; i++) {
      write(owner() + " ".repeat(ThreadLocalRandom.current().nextInt(PADDING)));
      try {
        if (Files.size(file) != channel.size()) {
          return false;
        }
      } catch (NoSuchFileException e) {
        return false;
      }
    }
    return true;
  }

  /** Whether nobody else can hold it, so that what others left may be removed. */
  boolean isExclusive() {
    return locked;
  }

  /** The file that is locked, beside the name. */
  public Path file() {
    return file;
  }

  /** Gives the name back. */
  @Override
  public void close() throws IOException {
    try (channel) {
      Files.deleteIfExists(file);
    } finally {
      OPEN.remove(file);
    }
  }

  private void write(String text) throws IOException {
    channel.truncate(0);
    ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
    while (bytes.hasRemaining()) {
      channel.write(bytes, bytes.position());
    }
  }

  private static FileSystemException inUse(Path target, String owner) {
    return new FileSystemException(target.toString(), null, "in use by " + Printable.of(owner));
  }

  private static String owner() {
    return "process " + ProcessHandle.current().pid() + " on " + Host.NAME + " since " + Host.START;
  }

  /** Looked up once; a name service may take its time. */
  private static final class Host {
    static final String NAME = name();
    static final Instant START =
        ProcessHandle.current()
            .info()
            .startInstant()
            .orElseGet(Instant::now)
            .truncatedTo(ChronoUnit.SECONDS);

    private static String name() {
      try {
        return InetAddress.getLocalHost().getHostName();
      } catch (UnknownHostException e) {
        return "this machine";
      }
    }
  }
}
