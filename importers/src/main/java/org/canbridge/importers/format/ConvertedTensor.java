package org.canbridge.importers.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/** Another tensor in another element type, converted when it is read. */
final class ConvertedTensor implements TensorData {
  private static final int ELEMENTS = 1 << 20;

  private final TensorData source;
  private final TensorType type;

  ConvertedTensor(TensorData source, DType dtype) {
    this.source = source;
    this.type = new TensorType(dtype, source.type().shape());
  }

  @Override
  public TensorType type() {
    return type;
  }

  @Override
  public ByteBuffer bytes(long offset, int length) {
    Objects.checkFromIndexSize(offset, (long) length, type.bytes());
    int width = type.dtype().bytes();
    long first = offset / width;
    long last = (offset + length + width - 1) / width;
    int skip = (int) (offset - first * width);
    ByteBuffer whole =
        ByteBuffer.allocateDirect(Math.toIntExact((last - first) * width))
            .order(ByteOrder.LITTLE_ENDIAN);
    DType from = source.type().dtype();
    for (long at = first; at < last; at += ELEMENTS) {
      int count = (int) Math.min(ELEMENTS, last - at);
      ByteBuffer piece = source.bytes(at * from.bytes(), count * from.bytes());
      ByteBuffer target =
          whole.slice((int) ((at - first) * width), count * width).order(ByteOrder.LITTLE_ENDIAN);
      ElementConversion.convert(
          from, piece.order(ByteOrder.LITTLE_ENDIAN), type.dtype(), target, count);
    }
    return skip == 0 && whole.capacity() == length
        ? whole
        : whole.slice(skip, length).order(ByteOrder.LITTLE_ENDIAN);
  }
}
