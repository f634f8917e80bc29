package org.canbridge.tensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;

/** A matrix with rows and columns exchanged; elements are gathered when asked for. */
public record TransposedMatrix(TensorData source) implements TensorData {
  @Override
  public TensorType type() {
    TensorType type = source.type();
    return new TensorType(type.dtype(), List.of(type.shape().get(1), type.shape().get(0)));
  }

  @Override
  public ByteBuffer bytes(long offset, int length) {
    Objects.checkFromIndexSize(offset, (long) length, source.type().bytes());
    ByteBuffer out = ByteBuffer.allocateDirect(length).order(ByteOrder.LITTLE_ENDIAN);
    int width = source.type().dtype().bytes();
    long rows = source.type().shape().get(0);
    long columns = source.type().shape().get(1);
    ByteBuffer[] pieces = new ByteBuffer[(int) (source.type().bytes() / MAX_PIECE) + 1];
    int skip = (int) (offset % width);
    for (long element = offset / width; out.hasRemaining(); element++) {
      long at = (element % rows * columns + element / rows) * width;
      int number = (int) (at / MAX_PIECE);
      if (pieces[number] == null) {
        long start = (long) number * MAX_PIECE;
        int size = (int) Math.min(MAX_PIECE, source.type().bytes() - start);
        pieces[number] = source.bytes(start, size);
      }
      int count = Math.min(width - skip, out.remaining());
      out.put(out.position(), pieces[number], (int) (at % MAX_PIECE) + skip, count);
      out.position(out.position() + count);
      skip = 0;
    }
    return out.flip();
  }
}
