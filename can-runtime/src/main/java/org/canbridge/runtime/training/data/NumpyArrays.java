package org.canbridge.runtime.training.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.npy.NpyFile;
import org.canbridge.tensors.npy.NpyProblem;

/** What {@code .npy} files of examples hold, read one file at a time. */
final class NumpyArrays {
  private NumpyArrays() {}

  /** An array, and the class number beside it in a file of objects. */
  static final class Content {
    private final List<Long> shape;
    private final float[] values;
    private final Optional<Long> label;

    Content(List<Long> shape, float[] values, Optional<Long> label) {
      this.shape = shape;
      this.values = values;
      this.label = label;
    }

    /** The shape, without a first size of 1 before three others. */
    List<Long> shape() {
      return shape;
    }

    float[] values() {
      return values;
    }

    Optional<Long> label() {
      return label;
    }
  }

  /**
   * Reads {@code (C, H, W)} or {@code (1, C, H, W)}, or the pair (array, class).
   *
   * @throws InputFileException if the file holds anything else
   */
  static Content read(Path path) {
    try (NpyFile file = NpyFile.open(path)) {
      TensorData array = file.tensors().get(file.isObjects() ? "0" : NpyFile.ARRAY);
      if (array == null || !array.type().dtype().isFloating()) {
        throw refusal(path, array == null ? "objects without an array" : array.type());
      }
      Optional<Long> label = file.isObjects() ? Optional.of(label(file)) : Optional.empty();
      List<Long> shape = array.type().shape();
      boolean single = shape.size() == 4 && shape.get(0) == 1;
      float[] values = Tensors.floats(array, 0, Math.toIntExact(array.type().elements()));
      return new Content(single ? shape.subList(1, 4) : shape, values, label);
    }
  }

  /** Reads a file that holds one class number. */
  static long label(Path path) {
    try (NpyFile file = NpyFile.open(path)) {
      return only(file.tensors().get(NpyFile.ARRAY), path);
    }
  }

  private static long label(NpyFile file) {
    boolean pair = file.tensors().size() + file.values().size() == 2;
    if (pair && file.values().get("1") instanceof Long number) {
      return number;
    }
    return only(pair ? file.tensors().get("1") : null, file.path());
  }

  private static long only(TensorData tensor, Path path) {
    if (tensor == null || tensor.type().dtype().isFloating() || tensor.type().elements() != 1) {
      throw refusal(path, tensor == null ? "objects without a class number" : tensor.type());
    }
    return Tensors.longs(tensor)[0];
  }

  private static InputFileException refusal(Path path, Object found) {
    return InputFileException.of(NpyProblem.OBJECTS, path)
        .what("the file is not what is stored for an example")
        .expected("floating point (C, H, W), or the pair of it and a class number")
        .actual(found)
        .next(BrokenFiles.NEXT)
        .build();
  }
}
