package org.canbridge.importers.format;

import java.nio.ByteBuffer;

public record ConstantTensor(TensorType type, double value) implements TensorData {
  public static ConstantTensor of(TensorType type, double value) {
    return new ConstantTensor(type, value);
  }

  @Override
  public ByteBuffer bytes(long offset, int length) {
    return ByteBuffer.allocateDirect(length);
  }
}
