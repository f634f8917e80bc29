package org.canbridge.importers.keys;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.canbridge.tensors.TensorData;

/** Byte ranges of tensors. */
final class TensorBytes {
  private TensorBytes() {}

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
