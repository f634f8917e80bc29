package org.canbridge.importers.keys;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.canbridge.importers.format.TensorData;

/** Byte ranges of tensors. */
final class TensorBytes {
  private static final int COMPARED_AT_ONCE = 1 << 24;

  private TensorBytes() {}

  /** Whether both have the same type and the same bytes. */
  static boolean equal(TensorData a, TensorData b) {
    if (!a.type().equals(b.type())) {
      return false;
    }
    long total = a.type().bytes();
    for (long at = 0; at < total; at += COMPARED_AT_ONCE) {
      int length = (int) Math.min(COMPARED_AT_ONCE, total - at);
      if (!a.bytes(at, length).equals(b.bytes(at, length))) {
        return false;
      }
    }
    return true;
  }

  /** A buffer to be filled and handed out. */
  static ByteBuffer allocate(int length) {
    return ByteBuffer.allocateDirect(length).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Refuses a range that leaves the tensor. */
  static void checkRange(TensorData tensor, long offset, int length) {
    Objects.checkFromIndexSize(offset, length, tensor.type().bytes());
  }

  /** Product of the sizes of the axes from {@code from} to before {@code to}. */
  static long product(Iterable<Long> shape, int from, int to) {
    long product = 1;
    int axis = 0;
    for (long size : shape) {
      if (axis >= from && axis < to) {
        product *= size;
      }
      axis++;
    }
    return product;
  }
}
