package org.canbridge.tensors.formats;

import static org.canbridge.tensors.formats.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * What every reader of a file format must do. A reader's test extends this class, says how to open
 * a file and gives a small valid one, and inherits the tests.
 */
public abstract class TensorFileContract {
  /** {@code -Dcanbridge.fuzzCases=N} makes a longer run. */
  private static final int FUZZ_CASES = Integer.getInteger("canbridge.fuzzCases", 3000);

  /** What reading a file of a few hundred bytes may allocate on the heap, whatever it claims. */
  private static final long MOST_ALLOCATED = 4 << 20;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir protected Path folder;

  /** The reader under test. */
  protected abstract TensorFile open(Path file);

  /** A small valid file with at least one tensor that is stored without holes. */
  public abstract byte[] sample() throws IOException;

  /** Name of a tensor of {@link #sample()} that is stored without holes and not empty. */
  protected abstract String contiguousTensor();

  /** What {@link TensorFile#format()} says. */
  protected abstract String format();

  /** A prefix of the sample that is a complete file for this format, or none. */
  protected boolean isComplete(int prefix, int length) {
    return prefix == length;
  }

  /** A file anew: some file systems flush one that is truncated and written again. */
  protected final Path file(byte[] content) throws IOException {
    Path path = folder.resolve("file");
    Files.deleteIfExists(path);
    return Files.write(path, content);
  }

  private Path textFile(String content) throws IOException {
    return file(content.getBytes(StandardCharsets.UTF_8));
  }

  private TensorData sampleTensor(TensorFile file) {
    return file.tensors().get(contiguousTensor());
  }

  private static byte[] array(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  @Test
  final void saysWhatItIs() throws IOException {
    Path path = file(sample());
    try (TensorFile file = open(path)) {
      assertEquals(path, file.path());
      assertEquals(format(), file.format());
      assertThrows(UnsupportedOperationException.class, () -> file.tensors().clear());
    }
  }

  @Test
  final void handsOutDirectLittleEndianBuffers() throws IOException {
    try (TensorFile file = open(file(sample()))) {
      for (TensorData tensor : file.tensors().values()) {
        ByteBuffer bytes = tensor.bytes();
        assertTrue(bytes.isDirect());
        assertEquals(ByteOrder.LITTLE_ENDIAN, bytes.order());
        assertEquals(0, bytes.position());
        assertEquals(tensor.type().bytes(), bytes.remaining());
      }
    }
  }

  @Test
  final void piecesMakeUpTheWhole() throws IOException {
    try (TensorFile file = open(file(sample()))) {
      for (TensorData tensor : file.tensors().values()) {
        byte[] whole = array(tensor.bytes());
        for (int from = 0; from <= whole.length; from++) {
          for (int to = from; to <= Math.min(whole.length, from + 9); to++) {
            assertArrayEquals(
                Arrays.copyOfRange(whole, from, to), array(tensor.bytes(from, to - from)));
          }
        }
        assertEquals(Digests.sha256(whole), Digests.sha256(tensor));
      }
    }
  }

  @Test
  final void refusesRangesOutsideTheTensor() throws IOException {
    try (TensorFile file = open(file(sample()))) {
      for (TensorData tensor : file.tensors().values()) {
        long end = tensor.type().bytes();
        assertThrows(IndexOutOfBoundsException.class, () -> tensor.bytes(end, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> tensor.bytes(-1, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> tensor.bytes(Long.MAX_VALUE, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> tensor.bytes(0, -1));
      }
    }
  }

  @Test
  final void writingIntoABufferLeavesTheFileAlone() throws IOException {
    byte[] content = sample();
    Path path = file(content);
    try (TensorFile file = open(path)) {
      for (TensorData tensor : file.tensors().values()) {
        ByteBuffer bytes = tensor.bytes();
        byte[] before = array(bytes.duplicate());
        for (int i = 0; i < bytes.limit(); i++) {
          bytes.put(i, (byte) ~bytes.get(i));
        }
        assertArrayEquals(before, array(tensor.bytes()));
      }
    }
    assertArrayEquals(content, Files.readAllBytes(path));
  }

  @Test
  final void buffersOutliveTheFile() throws IOException {
    ByteBuffer bytes;
    byte[] before;
    TensorData tensor;
    try (TensorFile file = open(file(sample()))) {
      tensor = sampleTensor(file);
      bytes = tensor.bytes();
      before = array(tensor.bytes());
    }
    assertArrayEquals(before, array(bytes));
    assertThrows(IllegalStateException.class, () -> tensor.bytes());
  }

  @Test
  final void readsAFileThatMayNotBeWritten() throws IOException {
    Path path = file(sample());
    Map<String, String> writable = digests(path);
    assertTrue(path.toFile().setWritable(false));
    assertEquals(writable, digests(path));
  }

  @Test
  final void noticesThatTheFileShrank() throws IOException {
    byte[] content = sample();
    Path path = file(content);
    try (TensorFile file = open(path)) {
      try (RandomAccessFile shrink = new RandomAccessFile(path.toFile(), "rw")) {
        shrink.setLength(1);
      }
      assertRefused(
          FileProblem.CHANGED_WHILE_OPEN,
          path,
          () -> sampleTensor(file).bytes(),
          "the file became shorter while it was open",
          "expected: " + content.length + " bytes",
          "file: FILE",
          "next: let whatever writes it finish, then start again");
      assertEquals(1, Files.size(path));
    }
  }

  @Test
  final void refusesAMissingFile() {
    Path path = folder.resolve("nothing");
    assertRefused(
        FileProblem.MISSING,
        path,
        () -> open(path),
        "there is no such file",
        "file: FILE",
        "next: check the path");
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  final void refusesWhatTheSystemRefuses() throws IOException {
    Path path = file(sample()).resolve("below a file");
    assertRefused(
        FileProblem.UNREADABLE,
        path,
        () -> open(path),
        "the file cannot be read",
        "actual: Not a directory",
        "file: FILE",
        "next: check its permissions and the disk");
  }

  @Test
  final void refusesADirectory() {
    assertRefused(
        FileProblem.IS_A_DIRECTORY,
        folder,
        () -> open(folder),
        "this is a directory, not a checkpoint file",
        "file: FILE",
        "next: name the file inside it");
  }

  @Test
  final void refusesAnEmptyFile() throws IOException {
    Path path = textFile("");
    assertRefused(
        FileProblem.EMPTY,
        path,
        () -> open(path),
        "the file is empty",
        "file: FILE",
        "next: download it again");
  }

  @Test
  final void refusesALfsPointer() throws IOException {
    Path path =
        textFile(
            "version https://git-lfs.github.com/spec/v1\noid sha256:"
                + "0".repeat(64)
                + "\nsize 12345\n");
    assertRefused(
        FileProblem.LFS_POINTER,
        path,
        () -> open(path),
        "this is a Git LFS pointer, not the file it stands for",
        "file: FILE",
        "next: run git lfs pull in its repository, or download the file itself");
  }

  @Test
  final void refusesAWebPage() throws IOException {
    for (String page :
        List.of(
            "<!DOCTYPE html><html></html>",
            "\n  <HTML lang=en>",
            "\ufeff<!doctype html>",
            "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>")) {
      Path path = textFile(page);
      assertRefused(
          FileProblem.HTML_PAGE,
          path,
          () -> open(path),
          "this is a web page, not a checkpoint",
          "file: FILE",
          "next: download the file itself; a browser link may need a sign-in or a resolved"
              + " address");
    }
  }

  @Test
  final void refusesEveryTruncation() throws IOException {
    byte[] content = sample();
    for (int length = 0; length < content.length; length++) {
      if (isComplete(length, content.length)) {
        continue;
      }
      Path path = file(Arrays.copyOf(content, length));
      int size = length;
      assertThrows(InputFileException.class, () -> digests(path), () -> size + " bytes accepted");
    }
  }

  /** Damaged files are refused, or read as what they then say; nothing else ever happens. */
  @Test
  final void survivesDamage() throws IOException {
    byte[] content = sample();
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(20240401143L);
    int refused = 0;
    digests(file(content)); // loads classes, which takes memory too
    for (int i = 0; i < FUZZ_CASES; i++) {
      byte[] damaged = damage(content, random);
      Path path = file(damaged);
      long before = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
      try {
        digests(path);
      } catch (InputFileException e) {
        assertFalse(e.getMessage().isBlank());
        refused++;
      } catch (RuntimeException | Error e) {
        throw new AssertionError("case " + i + ": " + HexFormat.of().formatHex(damaged), e);
      }
      long allocated = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
      assertTrue(allocated < MOST_ALLOCATED, "case " + i + " allocated " + allocated + " bytes");
    }
    assertNotEquals(0, refused);
  }

  private static byte[] damage(byte[] content, RandomGenerator random) {
    byte[] bytes = content.clone();
    int edits = 1 + random.nextInt(3);
    for (int i = 0; i < edits && bytes.length > 0; i++) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(7)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> bytes = Arrays.copyOf(bytes, at);
        case 3 -> bytes = Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(16));
        case 4 -> bytes = spliced(bytes, at, random);
        // Lengths and offsets: all ones, or a large power of two, over 4 or 8 bytes.
        case 5 -> Arrays.fill(bytes, at, Math.min(bytes.length, at + 4), (byte) 0xff);
        default -> {
          int width = random.nextBoolean() ? 4 : 8;
          ByteBuffer number = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
          number.putLong(0, 1L << random.nextInt(8 * width));
          System.arraycopy(number.array(), 0, bytes, at, Math.min(width, bytes.length - at));
        }
      }
    }
    return bytes;
  }

  /** Cuts some bytes out, or repeats them. */
  private static byte[] spliced(byte[] bytes, int at, RandomGenerator random) {
    int other = random.nextInt(bytes.length);
    ByteBuffer joined = ByteBuffer.allocate(2 * bytes.length);
    joined.put(bytes, 0, at).put(bytes, other, bytes.length - other);
    return Arrays.copyOf(joined.array(), joined.position());
  }

  /** SHA-256 of every tensor with its type, sorted by name. */
  protected final Map<String, String> digests(Path path) {
    Map<String, String> digests = new TreeMap<>();
    try (TensorFile file = open(path)) {
      List<String> names = new ArrayList<>(file.tensors().keySet());
      for (String name : names) {
        TensorData tensor = file.tensors().get(name);
        digests.put(name, tensor.type() + " " + Digests.sha256(tensor));
      }
    }
    return digests;
  }
}
