package org.canbridge.tensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

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
    Watched watched = new Watched(tensor);
    long total = tensor.type().bytes();
    for (long at = 0; at < total; at += PIECE) {
      watched.bytes(at, (int) Math.min(PIECE, total - at));
    }
    return watched.found();
  }

  /** Watches tensors while they are read once, from front to back. */
  public static final class Watch {
    private final Map<String, TensorData> tensors = new LinkedHashMap<>();

    public Watch(Map<String, TensorData> source) {
      source.forEach((name, tensor) -> tensors.put(name, new Watched(tensor)));
    }

    /** The same tensors, to be read in place of them. */
    public Map<String, TensorData> tensors() {
      return tensors;
    }

    /** What was found in them, by name. */
    public Map<String, NonFinite> found() {
      Map<String, NonFinite> found = new LinkedHashMap<>();
      tensors.forEach(
          (name, tensor) -> ((Watched) tensor).found().ifPresent(one -> found.put(name, one)));
      return found;
    }
  }

  private static final class Watched implements TensorData {
    private final TensorData source;
    private long read;
    private long count;
    private long first;

    Watched(TensorData source) {
      this.source = source;
    }

    @Override
    public TensorType type() {
      return source.type();
    }

    @Override
    public ByteBuffer bytes(long offset, int length) {
      ByteBuffer bytes = source.bytes(offset, length);
      int width = type().dtype().bytes();
      if (type().dtype().isFloating() && offset == read && length % width == 0) {
        read += length;
        look(bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN), offset / width, length / width);
      }
      return bytes;
    }

    private void look(ByteBuffer bytes, long start, int elements) {
      DType dtype = type().dtype();
      for (int i = 0; i < elements; i++) {
        if (isNotFinite(dtype, bytes, i)) {
          first = count == 0 ? start + i : first;
          count++;
        }
      }
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

    Optional<NonFinite> found() {
      return count == 0
          ? Optional.empty()
          : Optional.of(new NonFinite(count, first, type().elements()));
    }
  }
}
