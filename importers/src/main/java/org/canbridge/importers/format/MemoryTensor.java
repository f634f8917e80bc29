package org.canbridge.importers.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

public record MemoryTensor(TensorType type, ByteBuffer data) implements TensorData {
  public static MemoryTensor of(float[] values, long... shape) {
    ByteBuffer b = ByteBuffer.allocateDirect(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    b.asFloatBuffer().put(values);
    return new MemoryTensor(TensorType.of(DType.F32, shape), b);
  }

  public static MemoryTensor of(long[] values, long... shape) {
    ByteBuffer b = ByteBuffer.allocateDirect(values.length * 8).order(ByteOrder.LITTLE_ENDIAN);
    b.asLongBuffer().put(values);
    return new MemoryTensor(TensorType.of(DType.I64, shape), b);
  }

  @Override
  public ByteBuffer bytes(long offset, int length) {
    return data.slice((int) offset, length).order(ByteOrder.LITTLE_ENDIAN);
  }
}
