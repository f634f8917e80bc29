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

  /** The next element from {@code i} on that is not finite; -1 if there is none. */
  private static int next(TensorData tensor, ByteBuffer bytes, int from) {
    DType dtype = tensor.type().dtype();
    int elements = dtype.isFloating() ? bytes.limit() / dtype.bytes() : 0;
    for (int i = from; i < elements; i++) {
      if (isNotFinite(dtype, bytes, i)) {
        return i;
      }
    }
    return -1;
  }

  /** By the bits of the exponent, which is faster than decoding; F8_E4M3 has no infinity. */
  private static boolean isNotFinite(DType dtype, ByteBuffer bytes, int i) {
    return switch (dtype) {
      case F64 -> !Double.isFinite(bytes.getDouble(8 * i));
      case F32 -> (bytes.getInt(4 * i) & 0x7f800000) == 0x7f800000;
      case BF16 -> (bytes.getShort(2 * i) & 0x7f80) == 0x7f80;
      case F16 -> (bytes.getShort(2 * i) & 0x7c00) == 0x7c00;
      case F8_E5M2 -> (bytes.get(i) & 0x7c) == 0x7c;
      case F8_E4M3 -> (bytes.get(i) & 0x7f) == 0x7f;
      default -> false;
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
