package org.canbridge.tensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.apiguardian.api.API;

/**
 * A tensor held in memory, for small ones: at most 2 GiB. {@link #bytes(long, int)} hands out
 * copies, so nothing a reader does changes it.
 */
@API(status = API.Status.STABLE)
public final class MemoryTensor implements TensorData {
  private final TensorType type;
  private final ByteBuffer data;

  private MemoryTensor(TensorType type, ByteBuffer data) {
    this.type = type;
    this.data = data;
  }

  /**
   * A tensor over the buffer's remaining bytes, which must not change afterwards.
   *
   * @param data the elements in row-major order, little-endian, whatever the buffer's own order
   * @throws IllegalArgumentException if their number is not what the type needs
   */
  public static MemoryTensor of(TensorType type, ByteBuffer data) {
    if (data.remaining() != type.bytes()) {
      throw new IllegalArgumentException(data.remaining() + " bytes for " + type);
    }
    return new MemoryTensor(type, data.slice().order(ByteOrder.LITTLE_ENDIAN));
  }

  /** A copy of the values as F32; no shape makes a scalar. */
  public static MemoryTensor of(float[] values, long... shape) {
    TensorType type = type(DType.F32, values.length, shape);
    ByteBuffer data = allocate(type);
    data.asFloatBuffer().put(values);
    return new MemoryTensor(type, data);
  }

  /** A copy of the values as F64; no shape makes a scalar. */
  public static MemoryTensor of(double[] values, long... shape) {
    TensorType type = type(DType.F64, values.length, shape);
    ByteBuffer data = allocate(type);
    data.asDoubleBuffer().put(values);
    return new MemoryTensor(type, data);
  }

  /** A copy of the values as I64; no shape makes a scalar. */
  public static MemoryTensor of(long[] values, long... shape) {
    TensorType type = type(DType.I64, values.length, shape);
    ByteBuffer data = allocate(type);
    data.asLongBuffer().put(values);
    return new MemoryTensor(type, data);
  }

  private static TensorType type(DType dtype, int count, long... shape) {
    TensorType type = TensorType.of(dtype, shape);
    if (type.elements() != count) {
      throw new IllegalArgumentException(count + " values for " + type);
    }
    return type;
  }

  private static ByteBuffer allocate(TensorType type) {
    return ByteBuffer.allocate(Math.toIntExact(type.bytes())).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public TensorType type() {
    return type;
  }

  @Override
  public ByteBuffer bytes(long offset, int length) {
    Objects.checkFromIndexSize(offset, (long) length, type.bytes());
    return ByteBuffer.allocateDirect(length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(data.slice((int) offset, length))
        .flip();
  }

  @Override
  public void read(long offset, ByteBuffer target) {
    int length = target.remaining();
    Objects.checkFromIndexSize(offset, (long) length, type.bytes());
    target.put(data.slice((int) offset, length));
  }
}
