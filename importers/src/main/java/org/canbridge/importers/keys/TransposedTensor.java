package org.canbridge.importers.keys;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;

/** {@code source} with its axes in another order; elements are gathered when asked for. */
record TransposedTensor(TensorData source, List<Integer> order) implements TensorData {
  @Override
  public Optional<Path> file() {
    return source.file();
  }

  @Override
  public TensorType type() {
    List<Long> shape = source.type().shape();
    return new TensorType(source.type().dtype(), order.stream().map(shape::get).toList());
  }

  @Override
  public ByteBuffer bytes(long offset, int length) {
    TensorBytes.checkRange(this, offset, length);
    ByteBuffer out = TensorBytes.allocate(length);
    if (length == 0) {
      return out;
    }
    int size = source.type().dtype().bytes();
    Cursor cursor = new Cursor(source.type().shape(), order, offset / size);
    ByteBuffer[] pieces = new ByteBuffer[(int) ((source.type().bytes() - 1) / MAX_PIECE) + 1];
    int skip = (int) (offset % size);
    while (out.hasRemaining()) {
      long at = cursor.next() * size;
      int number = (int) (at / MAX_PIECE);
      if (pieces[number] == null) {
        long start = (long) number * MAX_PIECE;
        pieces[number] =
            source.bytes(start, (int) Math.min(MAX_PIECE, source.type().bytes() - start));
      }
      int count = Math.min(size - skip, out.remaining());
      out.put(out.position(), pieces[number], (int) (at % MAX_PIECE) + skip, count);
      out.position(out.position() + count);
      skip = 0;
    }
    return out.position(0);
  }

  /** Walks the elements in the output's order and tells where each lies in the input. */
  private static final class Cursor {
    private final long[] sizes;
    private final long[] strides;
    private final long[] index;
    private long position;

    Cursor(List<Long> from, List<Integer> order, long start) {
      int rank = order.size();
      sizes = new long[rank];
      strides = new long[rank];
      index = new long[rank];
      long rest = start;
      for (int axis = rank - 1; axis >= 0; axis--) {
        int source = order.get(axis);
        sizes[axis] = from.get(source);
        strides[axis] = TensorBytes.product(from, source + 1, rank);
        index[axis] = rest % sizes[axis];
        rest /= sizes[axis];
        position += index[axis] * strides[axis];
      }
    }

    long next() {
      long here = position;
      for (int axis = sizes.length - 1; axis >= 0; axis--) {
        position += strides[axis];
        if (++index[axis] < sizes[axis]) {
          break;
        }
        position -= sizes[axis] * strides[axis];
        index[axis] = 0;
      }
      return here;
    }
  }
}
