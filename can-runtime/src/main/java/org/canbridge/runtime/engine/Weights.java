package org.canbridge.runtime.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.NonFinite;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.InputFileException;

/**
 * Tensors of a checkpoint as DJL arrays. A float32 tensor of a model directory becomes an array
 * over the mapped file ({@link WeightFiles}): nothing is copied. All are read once for the check
 * that they are finite.
 */
final class Weights {
  private Weights() {}

  /**
   * Weights of a network.
   *
   * @param arrays in the order of its parameters
   * @param files that they come from
   */
  record Loaded(NDList arrays, WeightFiles files) {}

  /**
   * The parameters of {@code graph}, in its order, of this floating type, owned by {@code manager}.
   *
   * @throws IllegalArgumentException if one is missing or has another shape
   * @throws InputFileException if one that comes from a file holds NaN or infinity, or somebody
   *     writes into the file meanwhile
   */
  static Loaded load(NDManager manager, Graph graph, Map<String, TensorData> tensors, DType type) {
    NDList list = new NDList();
    Map<String, TensorData> found = fitting(graph, tensors);
    WeightFiles files = WeightFiles.of(found.values());
    found.forEach(
        (name, tensor) -> {
          boolean same = tensor.type().dtype() == type;
          TensorData given = same ? files.steady(tensor) : Tensors.as(tensor, type);
          NDArray array = create(manager, given);
          if (!hasFiniteSum(array)) {
            requireFinite(name, tensor);
          }
          list.add(array);
        });
    files.requireUnwritten();
    return new Loaded(list, files);
  }

  /**
   * The parameters of {@code graph} by name, in its order.
   *
   * @throws IllegalArgumentException if one is missing or has another shape
   */
  static Map<String, TensorData> fitting(Graph graph, Map<String, TensorData> tensors) {
    Map<String, TensorData> found = new LinkedHashMap<>();
    List<String> wrong = new ArrayList<>();
    for (Op.Parameter parameter : graph.parameters()) {
      TensorData tensor = tensors.get(parameter.name());
      List<Long> expected = parameter.shape().dims().stream().map(d -> d.size()).toList();
      if (tensor == null || !tensor.type().shape().equals(expected)) {
        wrong.add(
            parameter.name()
                + " "
                + expected
                + (tensor == null ? " is missing" : " is " + tensor.type().shape()));
      } else {
        found.put(parameter.name(), tensor);
      }
    }
    if (!wrong.isEmpty()) {
      throw new IllegalArgumentException(
          "the weights do not fit the network: " + String.join("; ", wrong));
    }
    return found;
  }

  /** Found at the speed of the memory; false of finite elements too, if their sum overflows. */
  private static boolean hasFiniteSum(NDArray array) {
    try (NDArray sum = array.sum()) {
      return sum.getDataType() == DataType.FLOAT64
          ? Double.isFinite(sum.getDouble())
          : Float.isFinite(sum.getFloat());
    }
  }

  /**
   * Looks at each element of a weight.
   *
   * @throws InputFileException if it comes from a file and is not finite
   */
  static void requireFinite(String name, TensorData tensor) {
    if (tensor.file().isEmpty() || !tensor.type().dtype().isFloating()) {
      return;
    }
    Optional<NonFinite> found = NonFinite.of(tensor);
    if (found.isPresent()) {
      throw found
          .get()
          .refusal(
              tensor.file().get(),
              name,
              "the weights are not finite, so nothing can be computed with them",
              "get a sound copy of the file, or an earlier checkpoint of the training");
    }
  }

  /** An input as programs take it; for floating-point ones integers are taken too. */
  static TensorData typed(TensorData tensor, Kind kind, DType floating) {
    if (kind == Kind.INT || tensor.type().dtype().isFloating()) {
      return Tensors.as(tensor, kind == Kind.INT ? DType.I64 : floating);
    }
    long[] shape = tensor.type().shape().stream().mapToLong(Long::longValue).toArray();
    return Tensors.as(MemoryTensor.of(Tensors.doubles(tensor), shape), floating);
  }

  /** A tensor of type F32, F64 or I64 as an array, which never lies over a file. */
  static NDArray array(NDManager manager, TensorData tensor) {
    return create(manager, tensor.file().isPresent() ? new WeightFiles.Copied(tensor) : tensor);
  }

  /** Past 1 GiB it is put together from pieces, since one buffer holds 2 GiB at most. */
  private static NDArray create(NDManager manager, TensorData tensor) {
    List<Long> sizes = tensor.type().shape();
    DataType type =
        switch (tensor.type().dtype()) {
          case I64 -> DataType.INT64;
          case F64 -> DataType.FLOAT64;
          default -> DataType.FLOAT32;
        };
    if (tensor.type().bytes() <= TensorData.MAX_PIECE) {
      return manager.create(tensor.bytes(), new Shape(sizes), type);
    }
    long rowBytes = tensor.type().bytes() / sizes.get(0);
    long rowsAtOnce = Math.max(1, TensorData.MAX_PIECE / rowBytes);
    try (NDManager pieces = manager.newSubManager()) {
      NDList parts = new NDList();
      for (long row = 0; row < sizes.get(0); row += rowsAtOnce) {
        long rows = Math.min(rowsAtOnce, sizes.get(0) - row);
        List<Long> part = new ArrayList<>(sizes);
        part.set(0, rows);
        parts.add(
            pieces.create(
                tensor.bytes(row * rowBytes, Math.toIntExact(rows * rowBytes)),
                new Shape(part),
                type));
      }
      NDArray whole = NDArrays.concat(parts, 0);
      whole.attach(manager);
      return whole;
    }
  }
}
