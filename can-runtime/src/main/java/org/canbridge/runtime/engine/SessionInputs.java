package org.canbridge.runtime.engine;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;

/**
 * The arguments of a forward pass, checked.
 *
 * @param tensors in the graph's order and types, by name
 * @param batch number of samples
 */
record SessionInputs(Map<String, TensorData> tensors, int batch) {

  /**
   * Checks arguments.
   *
   * @param floating the type of those that are no integers
   * @throws IllegalArgumentException if one is missing or does not fit
   */
  static SessionInputs of(Graph graph, Map<String, TensorData> given, DType floating) {
    Map<String, TensorData> typed = new LinkedHashMap<>();
    long batch = -1;
    for (Op.Input input : graph.inputs()) {
      TensorData tensor = given.get(input.name());
      if (tensor == null) {
        throw new IllegalArgumentException(
            "input '" + input.name() + "' " + input.shape() + " is missing");
      }
      batch = batch < 0 ? batchSize(input, tensor) : batch;
      List<Long> expected = Arrays.stream(input.shape().resolve(batch)).boxed().toList();
      if (!tensor.type().shape().equals(expected)) {
        throw new IllegalArgumentException(
            "input '"
                + input.name()
                + "' must be "
                + expected
                + " but is "
                + tensor.type().shape());
      }
      typed.put(input.name(), Weights.typed(tensor, input.kind(), floating));
      TableRows.check(graph, input, typed.get(input.name()));
    }
    return new SessionInputs(typed, Math.toIntExact(batch));
  }

  private static long batchSize(Op.Input input, TensorData tensor) {
    Shape shape = input.shape();
    boolean fits = shape.rank() == tensor.type().shape().size() && shape.dim(0).batch();
    return fits ? tensor.type().shape().get(0) / shape.size(0) : 1;
  }
}
