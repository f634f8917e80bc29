package org.canbridge.importers.keys;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;

/**
 * Tensors side by side along an axis. A row is everything inside one index of the axes outside
 * {@code axis}; each part gives its share of every row.
 */
record ConcatTensor(TensorType type, List<TensorData> parts, int axis) implements TensorData {
  @Override
  public Optional<Path> file() {
    return parts.get(0).file();
  }

  @Override
  public ByteBuffer bytes(long offset, int length) {
    TensorBytes.checkRange(this, offset, length);
    long row = rowBytes(this);
    if (length == 0 || row == 0) {
      return TensorBytes.allocate(0);
    }
    long first = offset / row;
    long last = (offset + length - 1) / row;
    ByteBuffer out = TensorBytes.allocate(length);
    long start = 0;
    for (TensorData part : parts) {
      long share = rowBytes(part);
      if (first == last && start <= offset - first * row) {
        long within = offset - first * row - start;
        if (within + length <= share) {
          return part.bytes(first * share + within, length);
        }
      }
      copyShare(part, start, offset, out);
      start += share;
    }
    return out.position(0);
  }

  /** Copies what {@code part} contributes to the bytes from {@code offset} on. */
  private void copyShare(TensorData part, long start, long offset, ByteBuffer out) {
    long row = rowBytes(this);
    long share = rowBytes(part);
    long end = offset + out.capacity();
    for (long r = offset / row; r * row < end && share > 0; ) {
      // As many rows at once as a window of bounded size holds, so that few mappings are made.
      long rows = Math.min((end - 1) / row - r + 1, Math.max(1, MAX_PIECE / share));
      if (rows == 1) {
        long from = Math.max(offset, r * row + start);
        long to = Math.min(end, r * row + start + share);
        if (from < to) {
          put(
              out,
              from - offset,
              part.bytes(r * share + from - r * row - start, (int) (to - from)));
        }
      } else {
        ByteBuffer window = part.bytes(r * share, (int) (rows * share));
        for (long i = 0; i < rows; i++) {
          long from = Math.max(offset, (r + i) * row + start);
          long to = Math.min(end, (r + i) * row + start + share);
          if (from < to) {
            int at = (int) (i * share + from - (r + i) * row - start);
            put(out, from - offset, window.slice(at, (int) (to - from)));
          }
        }
      }
      r += rows;
    }
  }

  private static void put(ByteBuffer out, long at, ByteBuffer piece) {
    out.position((int) at).put(piece);
  }

  private long rowBytes(TensorData tensor) {
    TensorType of = tensor.type();
    return TensorBytes.product(of.shape(), axis, of.shape().size()) * of.dtype().bytes();
  }
}
