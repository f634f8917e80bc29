package org.canbridge.tensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * A tensor of any size whose elements are all the same. It holds one element; memory is taken only
 * for the piece that is asked for.
 */
public final class ConstantTensor implements TensorData {
  private final TensorType type;
  private final byte[] element;

  private ConstantTensor(TensorType type, byte[] element) {
    this.type = type;
    this.element = element;
  }

  /**
   * A tensor of one value.
   *
   * @param value rounded to the nearest value of a floating element type
   * @throws IllegalArgumentException if an integer element type cannot hold the value
   */
  public static ConstantTensor of(TensorType type, double value) {
    ByteBuffer element = ByteBuffer.allocate(type.dtype().bytes()).order(ByteOrder.LITTLE_ENDIAN);
    if (type.dtype().isFloating()) {
      ElementConversion.putDouble(type.dtype(), element, 0, value);
    } else {
      ElementConversion.putExactLong(type.dtype(), element, 0, exactLong(value));
    }
    return new ConstantTensor(type, element.array());
  }

  /** A tensor of zeros. */
  public static ConstantTensor zeros(TensorType type) {
    return of(type, 0);
  }

  private static long exactLong(double value) {
    long integer = (long) value;
    // The second condition: 2^63 would saturate and then compare equal.
    if (integer != value || integer == Long.MAX_VALUE) {
      throw new IllegalArgumentException(value + " is not a 64-bit integer");
    }
    return integer;
  }

  @Override
  public TensorType type() {
    return type;
  }

  @Override
  public ByteBuffer bytes(long offset, int length) {
    Objects.checkFromIndexSize(offset, (long) length, type.bytes());
    ByteBuffer bytes = ByteBuffer.allocateDirect(length).order(ByteOrder.LITTLE_ENDIAN);
    boolean zero = true;
    for (byte b : element) {
      zero &= b == 0;
    }
    if (!zero) {
      int at = (int) (offset % element.length);
      while (bytes.hasRemaining()) {
        bytes.put(element[at]);
        at = at + 1 == element.length ? 0 : at + 1;
      }
      bytes.flip();
    }
    return bytes;
  }
}
