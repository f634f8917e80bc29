package org.canbridge.runtime.engine;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;

/**
 * A tensor that lives on the engine's side, of type F32 or F64; reading it gives what it holds at
 * that moment.
 *
 * @param array owned by whoever made it, and open as long as this is read
 * @param type its element type and shape
 */
record ArrayTensor(NDArray array, TensorType type) implements TensorData {

  static ArrayTensor of(NDArray array, DType dtype) {
    return new ArrayTensor(array, TensorType.of(dtype, array.getShape().getShape()));
  }

  @Override
  public ByteBuffer bytes(long offset, int length) {
    Objects.checkFromIndexSize(offset, (long) length, type.bytes());
    if (type.bytes() <= MAX_PIECE) {
      return piece(array, offset, length);
    }
    // One buffer holds 2 GiB at most; a flat part of the array is a view.
    int width = type.dtype().bytes();
    long from = offset / width;
    long to = (offset + length + width - 1) / width;
    try (NDArray part = array.flatten().get(from + ":" + to)) {
      return piece(part, offset - from * width, length);
    }
  }

  private static ByteBuffer piece(NDArray array, long offset, int length) {
    ByteBuffer copy = ByteBuffer.allocateDirect(length).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer all = array.toByteBuffer(true);
    return copy.put(all.slice(Math.toIntExact(offset), length)).flip();
  }
}
