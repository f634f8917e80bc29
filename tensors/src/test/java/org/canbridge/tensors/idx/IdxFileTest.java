package org.canbridge.tensors.idx;

import static org.canbridge.tensors.formats.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Problem;
import org.canbridge.tensors.formats.TensorFileContract;
import org.junit.jupiter.api.Test;

final class IdxFileTest extends TensorFileContract {

  @Override
  protected TensorFile open(Path file) {
    return IdxFile.open(file);
  }

  @Override
  public byte[] sample() {
    return idx(8, new int[] {2, 2, 3}, 12);
  }

  @Override
  protected String contiguousTensor() {
    return IdxFile.ARRAY;
  }

  @Override
  protected String format() {
    return "idx";
  }

  /** Elements 0, 1, 2 ... */
  private static byte[] idx(int type, int[] sizes, int elements) {
    ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * sizes.length + elements);
    bytes.put((byte) 0).put((byte) 0).put((byte) type).put((byte) sizes.length);
    for (int size : sizes) {
      bytes.putInt(size);
    }
    for (int i = 0; i < elements; i++) {
      bytes.put((byte) i);
    }
    return bytes.array();
  }

  private static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(content);
    }
    return out.toByteArray();
  }

  private void refused(Problem problem, byte[] content, String... lines) throws IOException {
    Path path = file(content);
    assertRefused(problem, path, () -> IdxFile.open(path), lines);
  }

  @Test
  void readsPlainAndCompressedFiles() throws IOException {
    for (byte[] content : new byte[][] {sample(), gzip(sample())}) {
      try (IdxFile file = IdxFile.open(file(content))) {
        assertEquals(Set.of(IdxFile.ARRAY), file.tensors().keySet());
        assertEquals(TensorType.of(DType.U8, 2, 2, 3), file.array().type());
        assertArrayEquals(
            new long[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, Tensors.longs(file.array()));
        ByteBuffer part = ByteBuffer.allocate(3);
        file.array().read(9, part);
        assertArrayEquals(new byte[] {9, 10, 11}, part.array());
      }
    }
  }

  @Test
  void readsTheBundledImages() {
    Path path = Fixtures.data("fashion-mnist").resolve("train-images-idx3-ubyte.gz");
    try (IdxFile file = IdxFile.open(path)) {
      assertEquals(TensorType.of(DType.U8, 6000, 28, 28), file.array().type());
      // Counted in NumPy over the published file.
      assertEquals(344_160_204L, Arrays.stream(Tensors.longs(file.array())).sum());
    }
  }

  @Test
  void refusesOtherFiles() throws IOException {
    byte[] floats = idx(13, new int[] {1}, 4);
    for (byte[] content : new byte[][] {floats, gzip(floats)}) {
      refused(
          IdxProblem.MAGIC,
          content,
          "this is not an IDX file of bytes",
          "expected: 00 00 08, then the number of dimensions, 1 to 4",
          "actual: 00 00 0d 01",
          "file: FILE",
          "next: give the published files, e.g. train-images-idx3-ubyte.gz");
    }
    refused(
        IdxProblem.MAGIC,
        idx(8, new int[] {1, 1, 1, 1, 1}, 1),
        "this is not an IDX file of bytes",
        "expected: 00 00 08, then the number of dimensions, 1 to 4",
        "actual: 00 00 08 05",
        "file: FILE",
        "next: give the published files, e.g. train-images-idx3-ubyte.gz");
  }

  @Test
  void refusesFilesThatHoldLessOrMore() throws IOException {
    byte[] less = idx(8, new int[] {2, 2, 3}, 11);
    for (byte[] content : new byte[][] {less, gzip(less)}) {
      refused(
          FileProblem.TRUNCATED,
          content,
          "the file holds less than it announces",
          "expected: U8[2, 2, 3], 12 bytes",
          "actual: 11 bytes",
          "file: FILE",
          "next: download the file again");
    }
    byte[] more = idx(8, new int[] {2, 2, 3}, 13);
    for (byte[] content : new byte[][] {more, gzip(more)}) {
      refused(
          FileProblem.TRAILING_BYTES,
          content,
          "bytes follow the array",
          "expected: U8[2, 2, 3], 12 bytes",
          "file: FILE",
          "next: the file is damaged or forged: get it again from its source");
    }
  }

  @Test
  void refusesClaimsBeforeAnythingIsAllocated() throws IOException {
    byte[] forged = gzip(idx(8, new int[] {1 << 20, 28, 28}, 100));
    refused(
        FileProblem.TRUNCATED,
        forged,
        "the file holds less than it announces",
        "expected: U8[1048576, 28, 28], 822083584 bytes",
        "actual: " + forged.length + " bytes",
        "file: FILE",
        "next: download the file again");
    refused(
        IdxProblem.GZIP_DAMAGED,
        gzip(idx(8, new int[] {1 << 21, 28, 28}, 100)),
        "the file is too large to be unpacked into memory",
        "expected: at most 1073741824 bytes",
        "actual: U8[2097152, 28, 28], 1644167168 bytes",
        "file: FILE",
        "next: unpack it with gunzip; plain files are mapped");
    refused(
        TensorProblem.BAD_SHAPE,
        idx(8, new int[] {-1, -1, -1}, 100),
        "the array's shape is impossible",
        "actual: [4294967295, 4294967295, 4294967295]",
        "file: FILE",
        "next: the file is damaged or forged: get it again from its source");
  }

  @Test
  void refusesEveryTruncationOfACompressedFile() throws IOException {
    byte[] content = gzip(sample());
    for (int length = 0; length < content.length; length++) {
      Path path = file(Arrays.copyOf(content, length));
      assertThrows(InputFileException.class, () -> IdxFile.open(path));
    }
  }

  @Test
  void refusesADamagedStream() throws IOException {
    byte[] content = gzip(sample());
    // A byte of the checksum.
    content[content.length - 8] ^= 1;
    refused(
        IdxProblem.GZIP_DAMAGED,
        content,
        "the gzip stream is damaged or ends too early",
        "actual: Corrupt GZIP trailer",
        "file: FILE",
        "next: download the file again");
  }
}
