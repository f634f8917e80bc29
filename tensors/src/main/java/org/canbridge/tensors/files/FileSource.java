package org.canbridge.tensors.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Deque;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * A file opened for random reading, the one place where bytes of an input file are read or mapped.
 * Opening it recognises what is no checkpoint of any kind: a missing or empty file, a directory, a
 * device, a Git LFS pointer, a web page.
 *
 * <p>Java maps copy-on-write only through a channel that may write, so the file is opened for
 * writing where its permissions allow it; nothing here writes. A file that may only be read is
 * copied into memory instead, piece by piece as it is asked for.
 */
public final class FileSource implements AutoCloseable {
  private static final int HEAD = 512;

  private static final int REMEMBERED = 64;

  /** The files that were mapped, the last one first, for {@link #shrunk()}. */
  private static final Deque<FileSource> MAPPED = new ConcurrentLinkedDeque<>();

  private final Path path;
  private final FileChannel channel;
  private final boolean mappable;
  private final boolean part;
  private final long begin;
  private final long size;
  private volatile boolean closed;
  private volatile boolean mapped;

  private FileSource(
      Path path, FileChannel channel, boolean mappable, boolean part, long begin, long size) {
    this.path = path;
    this.channel = channel;
    this.mappable = mappable;
    this.part = part;
    this.begin = begin;
    this.size = size;
  }

  private static FileSource whole(Path path, FileChannel channel, boolean mappable)
      throws IOException {
    return new FileSource(path, channel, mappable, false, 0, channel.size());
  }

  /**
   * A stretch of the file as a source of its own. It shares the file, is of no use when this one is
   * closed, and closes nothing itself.
   *
   * @throws IndexOutOfBoundsException if the stretch leaves the file
   */
  public FileSource part(long position, long bytes) {
    Objects.checkFromIndexSize(position, bytes, size);
    return new FileSource(path, channel, mappable, true, begin + position, bytes);
  }

  /**
   * Opens a file.
   *
   * @throws InputFileException if there is no such file, it cannot be read, or its first bytes are
   *     those of something that stands in for a checkpoint
   */
  public static FileSource open(Path path) {
    requireRegularFile(path);
    FileSource source = openChannel(path);
    try {
      source.refuseStandIns();
      return source;
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  private static void requireRegularFile(Path path) {
    BasicFileAttributes attributes;
    try {
      attributes = Files.readAttributes(path, BasicFileAttributes.class);
    } catch (NoSuchFileException e) {
      throw InputFileException.of(FileProblem.MISSING, path)
          .what("there is no such file")
          .next("check the path")
          .cause(e)
          .build();
    } catch (IOException e) {
      throw InputFileException.unreadable(path, e);
    }
    if (attributes.isDirectory()) {
      throw InputFileException.of(FileProblem.IS_A_DIRECTORY, path)
          .what("this is a directory, not a checkpoint file")
          .next("name the file inside it")
          .build();
    }
    // Opening a pipe would wait for a writer, a device may never end.
    if (!attributes.isRegularFile()) {
      throw InputFileException.of(FileProblem.NOT_A_REGULAR_FILE, path)
          .what("this is a pipe, a socket or a device, not a file")
          .next("save its content to a file first")
          .build();
    }
  }

  private static FileSource openChannel(Path path) {
    try {
      if (Files.isWritable(path)) {
        try {
          FileChannel both =
              FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
          return whole(path, both, true);
        } catch (FileSystemException e) {
          // Writable by its mode, but not here (immutable, busy): read it without mapping.
          return whole(path, FileChannel.open(path, StandardOpenOption.READ), false);
        }
      }
      return whole(path, FileChannel.open(path, StandardOpenOption.READ), false);
    } catch (IOException e) {
      throw InputFileException.unreadable(path, e);
    }
  }

  private void refuseStandIns() {
    if (size == 0) {
      throw InputFileException.of(FileProblem.EMPTY, path)
          .what("the file is empty")
          .next("download it again")
          .build();
    }
    ByteBuffer head = read(0, (int) Math.min(HEAD, size));
    String text = StandardCharsets.ISO_8859_1.decode(head).toString();
    if (text.startsWith("version https://git-lfs.github.com/spec/")) {
      throw InputFileException.of(FileProblem.LFS_POINTER, path)
          .what("this is a Git LFS pointer, not the file it stands for")
          .next("run git lfs pull in its repository, or download the file itself")
          .build();
    }
    String start = text.replace("\u00ef\u00bb\u00bf", "").strip().toLowerCase(Locale.ROOT);
    if (start.startsWith("<!doctype") || start.startsWith("<html") || start.startsWith("<?xml")) {
      throw InputFileException.of(FileProblem.HTML_PAGE, path)
          .what("this is a web page, not a checkpoint")
          .next("download the file itself; a browser link may need a sign-in or a resolved address")
          .build();
    }
  }

  /** A checksum of a stretch of it. */
  public Checksum checksum(long position, long bytes, int crc32, String damage) {
    return new Checksum(path, begin + position, bytes, crc32, damage);
  }

  public Path path() {
    return path;
  }

  /** Size in bytes when the file was opened, or of the part. */
  public long size() {
    return size;
  }

  /** A copy of {@code length} bytes in a heap buffer, little-endian. */
  public ByteBuffer read(long position, int length) {
    ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    read(position, buffer);
    return buffer.flip();
  }

  /** Fills what remains of the buffer. */
  public void read(long position, ByteBuffer target) {
    try {
      long at = begin + position;
      while (target.hasRemaining()) {
        int count = channel.read(target, at);
        if (count < 0) {
          throw changed();
        }
        at += count;
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * A direct little-endian buffer over {@code length} bytes, positioned at 0: a private
   * (copy-on-write) mapping, or a copy where the file may not be mapped or the bytes do not start
   * at a multiple of {@code alignment}, which native code may rely on.
   */
  public ByteBuffer map(long position, int length, int alignment) {
    long start = begin + position;
    if (!mappable || length == 0 || start % alignment != 0) {
      ByteBuffer copy = ByteBuffer.allocateDirect(length).order(ByteOrder.LITTLE_ENDIAN);
      read(position, copy);
      return copy.flip();
    }
    try {
      // Mapping past the end through a writable channel would grow the user's file.
      if (channel.size() < start + length) {
        throw changed();
      }
      remember();
      return channel.map(MapMode.PRIVATE, start, length).order(ByteOrder.LITTLE_ENDIAN);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** A read-only mapping, for code here that gathers elements; never handed out. */
  public ByteBuffer mapForReading(long position, int length) {
    try {
      if (channel.size() < begin + position + length) {
        throw changed();
      }
      remember();
      return channel
          .map(MapMode.READ_ONLY, begin + position, length)
          .order(ByteOrder.LITTLE_ENDIAN);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Why a mapped page could not be read, which Java reports as an {@link InternalError} that names
   * no file: the mapped file that is shorter now, or gone.
   */
  public static Optional<InputFileException> shrunk() {
    return MAPPED.stream()
        .filter(mapped -> mapped.path.toFile().length() < mapped.begin + mapped.size)
        .findFirst()
        .map(FileSource::changed);
  }

  private void remember() {
    if (!mapped) {
      mapped = true;
      MAPPED.addFirst(this);
      if (MAPPED.size() > REMEMBERED) {
        MAPPED.removeLast();
      }
    }
  }

  private InputFileException changed() {
    return InputFileException.of(FileProblem.CHANGED_WHILE_OPEN, path)
        .what("the file became shorter while it was open")
        .expected(size + " bytes")
        .next("let whatever writes it finish, then start again")
        .build();
  }

  private RuntimeException failed(IOException e) {
    if (closed && e instanceof ClosedChannelException) {
      return new IllegalStateException(path + " was closed", e);
    }
    return InputFileException.unreadable(path, e);
  }

  @Override
  public void close() {
    closed = true;
    if (part) {
      return;
    }
    try {
      channel.close();
    } catch (IOException e) {
      throw InputFileException.unreadable(path, e);
    }
  }
}
