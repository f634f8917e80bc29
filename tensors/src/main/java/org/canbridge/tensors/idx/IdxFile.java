package org.canbridge.tensors.idx;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.FileTensor;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;

/**
 * An IDX file of unsigned bytes, the format of the MNIST family, plain or compressed by gzip (told
 * by the first bytes): two zero bytes, the type ({@code 08}), the number of dimensions, each size
 * as four bytes with the most significant first, and the elements in row-major order to the end.
 *
 * <p>It is the tensor {@value #ARRAY}. A plain file is mapped, a compressed one unpacked into
 * memory: never more than {@value #MAX_UNPACKED} bytes, and never more than gzip could hold in a
 * file of that size, whatever it announces.
 *
 * <p>Source: the page of the MNIST database (LeCun, Cortes, Burges); RFC 1952.
 */
public final class IdxFile implements TensorFile {
  /** Name of the only tensor. */
  public static final String ARRAY = "array";

  /** Most bytes that are unpacked into memory; MNIST's 60,000 images have 47 MB. */
  public static final int MAX_UNPACKED = 1 << 30;

  /** Deflate makes at most 1032 bytes of one. */
  private static final long MOST_EXPANSION = 1032;

  private static final int MAX_RANK = 4;
  private static final int UNSIGNED_BYTES = 8;
  private static final int PREFIX = 4;
  private static final int CHUNK = 1 << 16;

  private final FileSource source;
  private final TensorData array;

  private IdxFile(FileSource source) {
    this.source = source;
    boolean gzip = source.size() > 1 && (source.read(0, Short.BYTES).getShort() & 0xffff) == 0x8b1f;
    this.array = gzip ? unpacked() : plain();
  }

  /**
   * Opens a file; a compressed one is read whole.
   *
   * @throws InputFileException if the file departs from the format
   */
  public static IdxFile open(Path path) {
    FileSource source = FileSource.open(path);
    try {
      return new IdxFile(source);
    } catch (RuntimeException | Error e) {
      source.close();
      throw e;
    }
  }

  /** The elements, U8. */
  public TensorData array() {
    return array;
  }

  private TensorData plain() {
    int rank = rank(source.read(0, (int) Math.min(PREFIX, source.size())));
    int header = PREFIX + rank * Integer.BYTES;
    if (source.size() < header) {
      throw truncated("at least " + header + " bytes", source.size());
    }
    TensorType type = type(source.read(PREFIX, rank * Integer.BYTES));
    checkSize(type, source.size() - header);
    return new FileTensor(source, header, type);
  }

  private TensorData unpacked() {
    try (InputStream in = new GZIPInputStream(new Bytes(source), CHUNK)) {
      int rank = rank(ByteBuffer.wrap(in.readNBytes(PREFIX)));
      byte[] sizes = in.readNBytes(rank * Integer.BYTES);
      if (sizes.length < rank * Integer.BYTES) {
        throw truncated("at least " + (PREFIX + rank * Integer.BYTES) + " bytes", sizes.length);
      }
      TensorType type = type(ByteBuffer.wrap(sizes));
      if (type.bytes() > MAX_UNPACKED) {
        throw InputFileException.of(IdxProblem.GZIP_DAMAGED, source.path())
            .what("the file is too large to be unpacked into memory")
            .expected("at most " + MAX_UNPACKED + " bytes")
            .actual(type + ", " + type.bytes() + " bytes")
            .next("unpack it with gunzip; plain files are mapped")
            .build();
      }
      if (type.bytes() > MOST_EXPANSION * source.size()) {
        throw truncated(type + ", " + type.bytes() + " bytes", source.size());
      }
      // Grows with what is there, not with what is announced.
      ByteArrayOutputStream content = new ByteArrayOutputStream();
      byte[] chunk = new byte[CHUNK];
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        content.write(chunk, 0, count);
        if (content.size() > type.bytes()) {
          break;
        }
      }
      checkSize(type, content.size());
      return MemoryTensor.of(type, ByteBuffer.wrap(content.toByteArray()));
    } catch (EOFException | ZipException e) {
      throw InputFileException.of(IdxProblem.GZIP_DAMAGED, source.path())
          .what("the gzip stream is damaged or ends too early")
          .actual(e.getMessage())
          .next("download the file again")
          .cause(e)
          .build();
    } catch (IOException e) {
      throw new IllegalStateException("reading from memory fails", e);
    }
  }

  private int rank(ByteBuffer prefix) {
    boolean idx = prefix.remaining() == PREFIX && prefix.get(0) == 0 && prefix.get(1) == 0;
    int rank = idx ? prefix.get(3) : 0;
    if (!idx || prefix.get(2) != UNSIGNED_BYTES || rank < 1 || rank > MAX_RANK) {
      StringBuilder found = new StringBuilder();
      while (prefix.hasRemaining()) {
        found.append(String.format("%02x ", prefix.get()));
      }
      throw InputFileException.of(IdxProblem.MAGIC, source.path())
          .what("this is not an IDX file of bytes")
          .expected("00 00 08, then the number of dimensions, 1 to " + MAX_RANK)
          .actual(found.toString().strip())
          .next("give the published files, e.g. train-images-idx3-ubyte.gz")
          .build();
    }
    return rank;
  }

  private TensorType type(ByteBuffer sizes) {
    sizes.order(ByteOrder.BIG_ENDIAN);
    List<Long> shape = new ArrayList<>();
    while (sizes.hasRemaining()) {
      shape.add(sizes.getInt() & 0xffffffffL);
    }
    try {
      return new TensorType(DType.U8, shape);
    } catch (ArithmeticException e) {
      throw InputFileException.of(TensorProblem.BAD_SHAPE, source.path())
          .what("the array's shape is impossible")
          .actual(shape)
          .next("the file is damaged or forged: get it again from its source")
          .cause(e)
          .build();
    }
  }

  private void checkSize(TensorType type, long present) {
    if (present < type.bytes()) {
      throw truncated(type + ", " + type.bytes() + " bytes", present);
    }
    if (present > type.bytes()) {
      throw InputFileException.of(FileProblem.TRAILING_BYTES, source.path())
          .what("bytes follow the array")
          .expected(type + ", " + type.bytes() + " bytes")
          .next("the file is damaged or forged: get it again from its source")
          .build();
    }
  }

  private InputFileException truncated(String expected, long present) {
    return InputFileException.of(FileProblem.TRUNCATED, source.path())
        .what("the file holds less than it announces")
        .expected(expected)
        .actual(present + " bytes")
        .next("download the file again")
        .build();
  }

  @Override
  public Path path() {
    return source.path();
  }

  @Override
  public String format() {
    return "idx";
  }

  @Override
  public Map<String, TensorData> tensors() {
    return Map.of(ARRAY, array);
  }

  @Override
  public void close() {
    source.close();
  }

  /** The file from its first byte to its last. */
  private static final class Bytes extends InputStream {
    private final FileSource source;
    private long at;

    Bytes(FileSource source) {
      this.source = source;
    }

    @Override
    public int read() {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      int count = (int) Math.min(length, source.size() - at);
      if (count == 0 && length > 0) {
        return -1;
      }
      source.read(at, ByteBuffer.wrap(target, offset, count));
      at += count;
      return count;
    }
  }
}
