package org.canbridge.runtime.can;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Program;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * One value of a network, compiled once and run with any weights; what is generated is generated
 * for every sample.
 */
final class CompiledNetwork implements AutoCloseable {
  private final Graph graph;
  private final Precision precision;
  private final Program program;

  CompiledNetwork(Graph graph, String value, Precision precision) {
    this.graph = graph;
    this.precision = precision;
    this.program = Program.compile(graph, List.of(graph.value(value)), Target.of(precision));
  }

  double[] run(Map<String, TensorData> weights, Map<String, TensorData> inputs) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDList wide = new NDList();
      for (Op.Parameter parameter : graph.parameters()) {
        wide.add(floating(manager, weights.get(parameter.name())));
      }
      NDList arguments = new NDList();
      for (Op.Input input : graph.inputs()) {
        TensorData value = inputs.get(input.name());
        arguments.add(
            input.kind() == Kind.INT
                ? manager.create(Tensors.longs(value), shape(value))
                : floating(manager, value));
      }
      NDList prepared = wide.isEmpty() ? wide : program.prepare(wide);
      NDArray result = program.forward(arguments, prepared).get(0);
      if (precision == Precision.F64) {
        return result.toDoubleArray();
      }
      float[] single = result.toFloatArray();
      double[] values = new double[single.length];
      Arrays.setAll(values, i -> single[i]);
      return values;
    }
  }

  private NDArray floating(NDManager manager, TensorData value) {
    return precision == Precision.F64
        ? manager.create(Tensors.doubles(value), shape(value))
        : manager.create(Tensors.floats(value), shape(value));
  }

  private static Shape shape(TensorData value) {
    return new Shape(value.type().shape());
  }

  @Override
  public void close() {
    program.close();
  }
}
