package org.canbridge.tensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.apiguardian.api.API;

/** Views of tensors in another element type, and small tensors as Java arrays. */
@API(status = API.Status.STABLE)
public final class Tensors {
  private static final int PIECE_ELEMENTS = 1 << 20;
  private static final int PIECE_BYTES = 1 << 24;

  /** Receives an element: the position in row-major order, and the bytes it is to be read from. */
  private interface ElementReader {
    void read(int index, ByteBuffer bytes, int at);
  }

  private Tensors() {}

  /**
   * The tensor in another element type, converted piece by piece when it is read: between any two
   * floating types (rounded once, to nearest, ties to even; NaN stays NaN; too large becomes
   * infinity, or NaN in F8_E4M3), and from any integer type or BOOL to I64. The tensor itself if it
   * has the type already.
   *
   * @throws IllegalArgumentException for any other pair of types
   */
  public static TensorData as(TensorData tensor, DType dtype) {
    DType from = tensor.type().dtype();
    if (from == dtype) {
      return tensor;
    }
    if (!ElementConversion.isDefined(from, dtype)) {
      throw new IllegalArgumentException("no conversion from " + from + " to " + dtype);
    }
    return new ConvertedTensor(tensor, dtype);
  }

  /**
   * The tensor with each row (index of the outermost axis) multiplied by a factor, as F64, computed
   * when it is read.
   *
   * @throws IllegalArgumentException if it is no floating-point tensor of as many rows as factors
   */
  public static TensorData scaledRows(TensorData tensor, double[] factors) {
    TensorType type = tensor.type();
    if (!type.dtype().isFloating()
        || type.shape().isEmpty()
        || type.shape().get(0) != factors.length) {
      throw new IllegalArgumentException(factors.length + " factors for the rows of " + type);
    }
    return new ScaledRows(tensor, factors);
  }

  /**
   * Tensors {@code (R_i, ...)} of one element type and equal sizes below the outermost as one
   * tensor {@code (sum R_i, ...)}, joined when it is read; a single one is that itself.
   *
   * @throws IllegalArgumentException if they do not fit together
   */
  public static TensorData joinedRows(List<TensorData> parts) {
    TensorType first = parts.get(0).type();
    if (parts.size() == 1) {
      return parts.get(0);
    }
    long rows = 0;
    for (TensorData part : parts) {
      List<Long> shape = part.type().shape();
      if (part.type().dtype() != first.dtype()
          || shape.isEmpty()
          || shape.size() != first.shape().size()
          || !shape.subList(1, shape.size()).equals(first.shape().subList(1, shape.size()))) {
        throw new IllegalArgumentException(part.type() + " below " + first);
      }
      rows = Math.addExact(rows, shape.get(0));
    }
    List<Long> joined = new ArrayList<>(first.shape());
    joined.set(0, rows);
    return new JoinedRows(new TensorType(first.dtype(), joined), parts);
  }

  /**
   * All elements as floats in row-major order, rounded to nearest if the type is wider.
   *
   * @throws ArithmeticException if there are more than {@link Integer#MAX_VALUE} elements, or a U64
   *     is past {@link Long#MAX_VALUE}
   */
  public static float[] floats(TensorData tensor) {
    float[] values = new float[Math.toIntExact(tensor.type().elements())];
    DType dtype = tensor.type().dtype();
    if (dtype.isFloating()) {
      forEach(tensor, (i, b, at) -> values[i] = (float) ElementConversion.getDouble(dtype, b, at));
    } else {
      forEach(tensor, (i, b, at) -> values[i] = ElementConversion.getLong(dtype, b, at));
    }
    return values;
  }

  /**
   * Some elements as floats, from {@code first} on in row-major order, read by a copy and not by a
   * mapping ({@link TensorData#read}).
   *
   * @throws IndexOutOfBoundsException if the range leaves the tensor
   * @throws IllegalArgumentException if the tensor is not floating point
   */
  public static float[] floats(TensorData tensor, long first, int count) {
    DType dtype = tensor.type().dtype();
    if (!dtype.isFloating()) {
      throw new IllegalArgumentException(tensor.type() + " is not floating point");
    }
    int width = dtype.bytes();
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(count, width)).order(ByteOrder.LITTLE_ENDIAN);
    tensor.read(Math.multiplyExact(first, width), bytes);
    float[] values = new float[count];
    if (dtype == DType.F32) {
      bytes.flip().asFloatBuffer().get(values);
      return values;
    }
    for (int i = 0; i < count; i++) {
      values[i] = (float) ElementConversion.getDouble(dtype, bytes, i * width);
    }
    return values;
  }

  /**
   * All elements as doubles in row-major order; 64-bit integers are rounded to nearest.
   *
   * @throws ArithmeticException if there are more than {@link Integer#MAX_VALUE} elements, or a U64
   *     is past {@link Long#MAX_VALUE}
   */
  public static double[] doubles(TensorData tensor) {
    double[] values = new double[Math.toIntExact(tensor.type().elements())];
    DType dtype = tensor.type().dtype();
    if (dtype.isFloating()) {
      forEach(tensor, (i, b, at) -> values[i] = ElementConversion.getDouble(dtype, b, at));
    } else {
      forEach(tensor, (i, b, at) -> values[i] = ElementConversion.getLong(dtype, b, at));
    }
    return values;
  }

  /**
   * All elements of an integer or BOOL tensor in row-major order.
   *
   * @throws IllegalArgumentException if the tensor is floating point
   * @throws ArithmeticException if there are more than {@link Integer#MAX_VALUE} elements, or a U64
   *     is past {@link Long#MAX_VALUE}
   */
  public static long[] longs(TensorData tensor) {
    DType dtype = tensor.type().dtype();
    if (dtype.isFloating()) {
      throw new IllegalArgumentException(tensor.type() + " is floating point");
    }
    long[] values = new long[Math.toIntExact(tensor.type().elements())];
    forEach(tensor, (i, b, at) -> values[i] = ElementConversion.getLong(dtype, b, at));
    return values;
  }

  /** Whether both have the same type and the same bytes; reads both, piece by piece. */
  public static boolean sameBytes(TensorData a, TensorData b) {
    if (!a.type().equals(b.type())) {
      return false;
    }
    long total = a.type().bytes();
    for (long at = 0; at < total; at += PIECE_BYTES) {
      int length = (int) Math.min(PIECE_BYTES, total - at);
      if (!a.bytes(at, length).equals(b.bytes(at, length))) {
        return false;
      }
    }
    return true;
  }

  private static void forEach(TensorData tensor, ElementReader reader) {
    int width = tensor.type().dtype().bytes();
    long total = tensor.type().elements();
    for (long start = 0; start < total; start += PIECE_ELEMENTS) {
      int count = (int) Math.min(PIECE_ELEMENTS, total - start);
      ByteBuffer piece = tensor.bytes(start * width, count * width);
      piece.order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < count; i++) {
        reader.read((int) start + i, piece, i * width);
      }
    }
  }
}
