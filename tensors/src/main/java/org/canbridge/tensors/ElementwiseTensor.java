package org.canbridge.tensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/** A tensor whose elements are computed or gathered when they are read. */
public abstract class ElementwiseTensor implements TensorData {
  private final TensorType type;

  protected ElementwiseTensor(TensorType type) {
    this.type = type;
  }

  @Override
  public final TensorType type() {
    return type;
  }

  /** Ranges that cut elements apart are filled from whole ones. */
  @Override
  public final ByteBuffer bytes(long offset, int length) {
    Objects.checkFromIndexSize(offset, (long) length, type.bytes());
    int width = type.dtype().bytes();
    long first = offset / width;
    long last = (offset + length + width - 1) / width;
    ByteBuffer whole =
        ByteBuffer.allocateDirect(Math.toIntExact((last - first) * width))
            .order(ByteOrder.LITTLE_ENDIAN);
    fill(first, Math.toIntExact(last - first), whole);
    if (whole.capacity() == length) {
      return whole;
    }
    return whole.slice((int) (offset - first * width), length).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Stores {@code count} elements in row-major order from number {@code first}, at the start of the
   * little-endian buffer, whose position stays 0.
   */
  protected abstract void fill(long first, int count, ByteBuffer target);
}
