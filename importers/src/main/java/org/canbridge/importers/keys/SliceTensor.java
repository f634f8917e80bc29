package org.canbridge.importers.keys;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;

/**
 * A range of an axis of {@code whole}.
 *
 * @param start the first index of {@code axis} that belongs to the slice
 */
record SliceTensor(TensorData whole, TensorType type, int axis, long start) implements TensorData {
  @Override
  public Optional<Path> file() {
    return whole.file();
  }

  @Override
  public ByteBuffer bytes(long offset, int length) {
    TensorBytes.checkRange(this, offset, length);
    long row = rowBytes(type);
    if (length == 0) {
      return TensorBytes.allocate(0);
    }
    long wholeRow = rowBytes(whole.type());
    long skip =
        start
            * TensorBytes.product(type.shape(), axis + 1, type.shape().size())
            * type.dtype().bytes();
    long end = offset + length;
    if (offset / row == (end - 1) / row) {
      return whole.bytes(offset / row * wholeRow + skip + offset % row, length);
    }
    ByteBuffer out = TensorBytes.allocate(length);
    for (long at = offset; at < end; ) {
      // A window from here to the end of the last row that fits a piece of bounded size.
      long r = at / row;
      long rows = Math.min((end - 1) / row - r + 1, Math.max(1, MAX_PIECE / wholeRow));
      long from = r * wholeRow + skip + at % row;
      long stop = Math.min(end, (r + rows) * row);
      long to = (stop - 1) / row * wholeRow + skip + (stop - 1) % row + 1;
      ByteBuffer window = whole.bytes(from, (int) (to - from));
      while (at < stop) {
        int piece = (int) (Math.min(stop, (at / row + 1) * row) - at);
        out.put(window.slice((int) (at / row * wholeRow + skip + at % row - from), piece));
        at += piece;
      }
    }
    return out.position(0);
  }

  private long rowBytes(TensorType of) {
    return TensorBytes.product(of.shape(), axis, of.shape().size()) * of.dtype().bytes();
  }
}
