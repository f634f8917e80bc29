package org.canbridge.tensors.torch;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.canbridge.tensors.ElementwiseTensor;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.FileSource;

/**
 * A tensor whose elements lie in a file with strides: transposed, sliced or expanded. Its elements
 * are gathered into row-major order when they are read.
 */
final class StridedTensor extends ElementwiseTensor {
  private static final int WINDOW_BITS = 30;

  private final FileSource source;
  private final long position;
  private final long storageBytes;
  private final long offset;
  private final long[] sizes;
  private final long[] strides;

  /**
   * The caller has checked that every element lies inside the storage.
   *
   * @param position where the storage begins in the file
   * @param storageBytes its size in bytes
   * @param offset the first element, counted in elements from the storage's begin
   * @param strides distance between neighbours, in elements, for each dimension
   */
  StridedTensor(
      FileSource source,
      long position,
      long storageBytes,
      long offset,
      TensorType type,
      List<Long> strides) {
    super(type);
    this.source = source;
    this.position = position;
    this.storageBytes = storageBytes;
    this.offset = offset;
    this.sizes = type.shape().stream().mapToLong(Long::longValue).toArray();
    this.strides = strides.stream().mapToLong(Long::longValue).toArray();
  }

  @Override
  public Optional<Path> file() {
    return Optional.of(source.path());
  }

  @Override
  protected void fill(long first, int count, ByteBuffer target) {
    if (count == 0) {
      return;
    }
    int width = type().dtype().bytes();
    // The storage in windows of 1 GiB, a multiple of every element's width, mapped when touched.
    ByteBuffer[] windows = new ByteBuffer[(int) (((storageBytes - 1) >> WINDOW_BITS) + 1)];
    long[] index = new long[sizes.length];
    long element = offset;
    long rest = first;
    for (int d = sizes.length - 1; d >= 0; d--) {
      index[d] = rest % sizes[d];
      rest /= sizes[d];
      element += index[d] * strides[d];
    }
    for (int i = 0; i < count; i++) {
      long at = element * width;
      ByteBuffer window = window(windows, (int) (at >> WINDOW_BITS));
      copy(window, (int) (at & ((1 << WINDOW_BITS) - 1)), target, i * width, width);
      for (int d = sizes.length - 1; d >= 0; d--) {
        index[d]++;
        element += strides[d];
        if (index[d] < sizes[d]) {
          break;
        }
        element -= sizes[d] * strides[d];
        index[d] = 0;
      }
    }
  }

  private ByteBuffer window(ByteBuffer[] windows, int number) {
    if (windows[number] == null) {
      long begin = (long) number << WINDOW_BITS;
      int length = (int) Math.min(1L << WINDOW_BITS, storageBytes - begin);
      windows[number] = source.mapForReading(position + begin, length);
    }
    return windows[number];
  }

  private static void copy(ByteBuffer from, int at, ByteBuffer to, int index, int width) {
    switch (width) {
      case 8 -> to.putLong(index, from.getLong(at));
      case 4 -> to.putInt(index, from.getInt(at));
      case 2 -> to.putShort(index, from.getShort(at));
      default -> to.put(index, from.get(at));
    }
  }
}
