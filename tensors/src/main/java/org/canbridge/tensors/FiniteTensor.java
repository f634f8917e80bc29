package org.canbridge.tensors;

import java.nio.ByteBuffer;

/**
 * Weights narrowed to F16, whose range ends at 65504: a weight that would become infinite stops the
 * writing. Infinities and NaN that the source holds itself pass.
 */
public record FiniteTensor(String name, TensorData source, TensorData narrowed)
    implements TensorData {
  private static final int MAGNITUDE = 0x7fff;
  private static final int INFINITE = 0x7c00;

  @Override
  public TensorType type() {
    return narrowed.type();
  }

  @Override
  public ByteBuffer bytes(long offset, int length) {
    ByteBuffer bytes = narrowed.bytes(offset, length);
    for (int at = 0; at + 1 < length; at += 2) {
      if ((bytes.getShort(at) & MAGNITUDE) == INFINITE && isFinite((offset + at) / 2)) {
        throw new ArithmeticException(
            name + " holds values beyond the range of F16; BF16 has the range of F32");
      }
    }
    return bytes;
  }

  private boolean isFinite(long element) {
    DType dtype = source.type().dtype();
    ByteBuffer bytes = source.bytes(element * dtype.bytes(), dtype.bytes());
    return switch (dtype) {
      case F64 -> Double.isFinite(bytes.getDouble(0));
      case F32 -> Float.isFinite(bytes.getFloat(0));
      case BF16 -> Float.isFinite(Float.intBitsToFloat(bytes.getShort(0) << 16));
      default -> false;
    };
  }
}
