package org.canbridge.tensors;

import java.nio.ByteBuffer;
import java.util.List;

/** Tensors one below the other, joined along their outermost axis when they are read. */
final class JoinedRows extends ElementwiseTensor {
  private final List<TensorData> parts;

  JoinedRows(TensorType type, List<TensorData> parts) {
    super(type);
    this.parts = List.copyOf(parts);
  }

  @Override
  protected void fill(long first, int count, ByteBuffer target) {
    int width = type().dtype().bytes();
    read(first * width, target.slice(0, count * width));
  }

  @Override
  public void read(long offset, ByteBuffer target) {
    long begin = 0;
    long at = offset;
    for (TensorData part : parts) {
      long end = begin + part.type().bytes();
      int here = (int) Math.max(0, Math.min(end - at, target.remaining()));
      if (here > 0) {
        part.read(at - begin, target.slice(target.position(), here).order(target.order()));
        target.position(target.position() + here);
        at += here;
      }
      begin = end;
    }
    if (target.hasRemaining()) {
      throw new IndexOutOfBoundsException(target.remaining() + " bytes past the end of " + type());
    }
  }
}
