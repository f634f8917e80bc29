package org.canbridge.tensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.canbridge.tensors.files.InputFileException;

/**
 * The elements of a tensor that are NaN or infinite.
 *
 * @param count how many there are
 * @param first the position of the first one in row-major order
 * @param elements how many elements the tensor has
 */
public record NonFinite(long count, long first, long elements) {
  private static final int PIECE = 1 << 24;

  /** As messages say it: {@code 2 of its 32 values are not finite, the first at element 0}. */
  @Override
  public String toString() {
    return count
        + " of its "
        + elements
        + (count == 1 ? " values is" : " values are")
        + " not finite"
        + (count == 1 ? ", at element " : ", the first at element ")
        + first;
  }

  /** Those of a tensor, which is read; empty if there are none. */
  public static Optional<NonFinite> of(TensorData tensor) {
    long total = tensor.type().bytes();
    int width = tensor.type().dtype().bytes();
    ByteBuffer piece = ByteBuffer.allocate((int) Math.min(PIECE, total));
    long count = 0;
    long first = 0;
    for (long at = 0; at < total; at += PIECE) {
      tensor.read(at, piece.clear().limit((int) Math.min(PIECE, total - at)));
      ByteBuffer bytes = piece.flip().order(ByteOrder.LITTLE_ENDIAN);
      for (int i = next(tensor, bytes, 0); i >= 0; i = next(tensor, bytes, i + 1)) {
        first = count == 0 ? at / width + i : first;
        count++;
      }
    }
    return count == 0
        ? Optional.empty()
        : Optional.of(new NonFinite(count, first, tensor.type().elements()));
  }

  /** The next element from {@code from} on that is not finite; -1 if there is none. */
  private static int next(TensorData tensor, ByteBuffer bytes, int from) {
    long exponent = exponent(tensor.type().dtype());
    if (exponent == 0) {
      return -1;
    }
    int width = tensor.type().dtype().bytes();
    for (int at = from * width; at + width <= bytes.limit(); at += width) {
      at = at % Long.BYTES == 0 ? skip(bytes, at, exponent, width) : at;
      if (at + width <= bytes.limit() && (bits(bytes, at, width) & exponent) == exponent) {
        return at / width;
      }
    }
    return -1;
  }

  /**
   * Past what is finite, eight bytes at a time. In each element the exponent alone, plus its lowest
   * bit: that reaches the sign if all are set.
   */
  private static int skip(ByteBuffer bytes, int from, long exponent, int width) {
    long all = repeated(exponent, width);
    long lowest = repeated(Long.lowestOneBit(exponent), width);
    long signs = repeated(1L << (8 * width - 1), width);
    int at = from;
    while (at + Long.BYTES <= bytes.limit()
        && (((bytes.getLong(at) & all) + lowest) & signs) == 0) {
      at += Long.BYTES;
    }
    return at;
  }

  /** The bits that are all set in what is not finite; F8_E4M3 has no infinity. 0 if all is. */
  private static long exponent(DType dtype) {
    return switch (dtype) {
      case F64 -> 0x7ff0000000000000L;
      case F32 -> 0x7f800000;
      case BF16 -> 0x7f80;
      case F16 -> 0x7c00;
      case F8_E5M2 -> 0x7c;
      case F8_E4M3 -> 0x7f;
      default -> 0;
    };
  }

  private static long repeated(long bits, int width) {
    long all = 0;
    for (int at = 0; at < Long.BYTES; at += width) {
      all |= bits << (8 * at);
    }
    return all;
  }

  private static long bits(ByteBuffer bytes, int at, int width) {
    return switch (width) {
      case Long.BYTES -> bytes.getLong(at);
      case Integer.BYTES -> bytes.getInt(at);
      case Short.BYTES -> bytes.getShort(at);
      default -> bytes.get(at);
    };
  }

  /**
   * The message about a tensor.
   *
   * @param file where it comes from
   * @param what what is wrong, one sentence
   * @param next what the user can do
   */
  public InputFileException refusal(Path file, String name, String what, String next) {
    return InputFileException.of(TensorProblem.NOT_FINITE, file)
        .key(name)
        .what(what)
        .expected("numbers")
        .actual(this)
        .next(next)
        .build();
  }

  /** Tensors that are looked at while they are read, in whatever order. */
  public static final class Watch {
    private final Map<String, TensorData> tensors = new LinkedHashMap<>();
    private final Map<String, NonFinite> found = new LinkedHashMap<>();
    private final Optional<Path> refusing;

    /**
     * Watches tensors.
     *
     * @param refusing the model they belong to: reading an element that is not finite throws {@link
     *     InputFileException}; empty if those are only to be told afterwards
     */
    public Watch(Map<String, TensorData> source, Optional<Path> refusing) {
      source.forEach((name, tensor) -> tensors.put(name, new Watched(name, tensor)));
      this.refusing = refusing;
    }

    /** The same tensors, to be read in place of them. */
    public Map<String, TensorData> tensors() {
      return tensors;
    }

    /** What was found in them, by name. */
    public Map<String, NonFinite> found() {
      return found;
    }

    private final class Watched implements TensorData {
      private final String name;
      private final TensorData source;

      Watched(String name, TensorData source) {
        this.name = name;
        this.source = source;
      }

      @Override
      public TensorType type() {
        return source.type();
      }

      @Override
      public Optional<Path> file() {
        return source.file();
      }

      @Override
      public ByteBuffer bytes(long offset, int length) {
        ByteBuffer bytes = source.bytes(offset, length);
        look(offset, bytes.duplicate());
        return bytes;
      }

      @Override
      public void read(long offset, ByteBuffer target) {
        int start = target.position();
        source.read(offset, target);
        look(offset, target.duplicate().flip().position(start).slice());
      }

      /** All of the tensor is looked at once something was seen, so that it can be said. */
      private void look(long offset, ByteBuffer bytes) {
        if (offset % type().dtype().bytes() == 0
            && !found.containsKey(name)
            && next(source, bytes.order(ByteOrder.LITTLE_ENDIAN), 0) >= 0) {
          NonFinite all = NonFinite.of(source).orElseThrow();
          if (refusing.isPresent()) {
            throw all.refusal(
                source.file().orElse(refusing.get()),
                name,
                "the weights are not finite",
                "get a sound copy of the file; --allow-nonfinite moves them as they are");
          }
          found.put(name, all);
        }
      }
    }
  }
}
