package org.canbridge.tensors.torch;

import java.util.List;
import org.canbridge.tensors.FileTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.pickle.Pickled;

/**
 * Checks the tensors that a pickle describes against the file and gives them their data: mapped
 * where the elements lie in row-major order without holes, gathered otherwise.
 */
final class TensorPlacement {
  /** Expanded tensors up to this size are read whatever the file's size. */
  private static final long SMALL = 1 << 24;

  private static final String DAMAGED =
      "the file is damaged or forged: get it again from its source";

  private final FileSource source;
  private final TorchContent.StorageLocator storages;

  TensorPlacement(FileSource source, TorchContent.StorageLocator storages) {
    this.source = source;
    this.storages = storages;
  }

  /** The tensor's data. */
  TensorData place(String name, Pickled.Tensor tensor) {
    TensorType type = type(name, tensor);
    Pickled.Storage storage = tensor.storage();
    int width = type.dtype().bytes();
    long available = storage.viewEnd() - storage.viewBegin();
    long needed = neededBytes(tensor, width);
    if (tensor.offset() < 0 || needed > available) {
      throw InputFileException.of(TorchProblem.TENSOR_OUTSIDE_STORAGE, source.path())
          .key(name)
          .what("a tensor reaches past the end of its storage")
          .expected("at most " + available + " bytes from offset 0")
          .actual(type + " at offset " + tensor.offset() + " with strides " + tensor.strides())
          .next(DAMAGED)
          .build();
    }
    if (type.bytes() > available && type.bytes() > Math.max(SMALL, source.size())) {
      throw InputFileException.of(TorchProblem.EXPANDED_TOO_LARGE, source.path())
          .key(name)
          .what("a tensor repeats a few stored elements into more than the file could hold")
          .expected("at most " + Math.max(SMALL, source.size()) + " bytes")
          .actual(type + " with strides " + tensor.strides())
          .next("in PyTorch, save it without expand()")
          .build();
    }
    long position = storages.position(storage, name) + storage.viewBegin();
    if (isRowMajor(type, tensor.strides())) {
      return new FileTensor(source, position + tensor.offset() * width, type);
    }
    return new StridedTensor(source, position, available, tensor.offset(), type, tensor.strides());
  }

  private TensorType type(String name, Pickled.Tensor tensor) {
    boolean possible =
        tensor.shape().size() <= TensorType.MAX_RANK
            && tensor.strides().size() == tensor.shape().size()
            && tensor.strides().stream().noneMatch(stride -> stride < 0);
    if (possible) {
      try {
        return new TensorType(tensor.elementType().dtype(), tensor.shape());
      } catch (IllegalArgumentException | ArithmeticException e) {
        possible = false;
      }
    }
    throw InputFileException.of(TensorProblem.BAD_SHAPE, source.path())
        .key(name)
        .what("a tensor's shape or strides are impossible")
        .expected("non-negative sizes and strides, one stride for each size, at most 64")
        .actual("shape " + tensor.shape() + ", strides " + tensor.strides())
        .next(DAMAGED)
        .build();
  }

  /**
   * Bytes from the storage's begin to the end of the tensor's last element; none if it is empty.
   */
  private static long neededBytes(Pickled.Tensor tensor, int width) {
    if (tensor.shape().contains(0L)) {
      return 0;
    }
    try {
      long last = tensor.offset();
      for (int d = 0; d < tensor.shape().size(); d++) {
        long steps = tensor.shape().get(d) - 1;
        last = Math.addExact(last, Math.multiplyExact(steps, tensor.strides().get(d)));
      }
      return Math.multiplyExact(Math.addExact(last, 1), (long) width);
    } catch (ArithmeticException e) {
      return Long.MAX_VALUE;
    }
  }

  /** Whether the strides are those of a dense tensor; that of a size of 1 does not matter. */
  private static boolean isRowMajor(TensorType type, List<Long> strides) {
    if (type.elements() == 0) {
      return true;
    }
    long expected = 1;
    for (int d = strides.size() - 1; d >= 0; d--) {
      long size = type.shape().get(d);
      if (size != 1 && strides.get(d) != expected) {
        return false;
      }
      expected *= size;
    }
    return true;
  }
}
