package org.canbridge.benchmarks;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.List;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Program;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Op;

/** A graph's program with random inputs and weights, to be run forwards and backwards. */
final class Subject implements AutoCloseable {
  private final NDManager manager = NDManager.newBaseManager();
  private final Program program;
  private final NDList inputs = new NDList();
  private final NDList weights = new NDList();

  /**
   * Compiles a graph whose result is {@code output}.
   *
   * @param leaves whether floating-point inputs of more than one axis get gradients too
   */
  Subject(Graph graph, Precision precision, int batch, boolean leaves) {
    program = Program.compile(graph, List.of(graph.value("output")), precision);
    for (Op.Input input : graph.inputs()) {
      Shape shape = new Shape(input.shape().resolve(batch));
      NDArray values =
          shape.dimension() == 1
              ? manager.randomInteger(0, 1000, shape, DataType.INT64)
              : manager.randomNormal(shape);
      NDArray typed =
          input.kind() == Kind.INT
              ? values
              : values.toType(DataType.FLOAT32, shape.dimension() == 1);
      typed.setRequiresGradient(leaves && input.kind() == Kind.FLOAT && shape.dimension() > 1);
      inputs.add(typed);
    }
    for (Op.Parameter parameter : graph.parameters()) {
      long[] sizes = parameter.shape().resolve(1);
      double fanIn = sizes.length < 2 ? 4 : (double) parameter.shape().elements() / sizes[0];
      NDArray weight =
          manager.randomNormal(
              0, (float) (1 / Math.sqrt(fanIn)), new Shape(sizes), DataType.FLOAT32);
      weight.setRequiresGradient(true);
      weights.add(weight);
    }
  }

  /** One forward pass that keeps nothing. */
  void forward() {
    try (NDManager scope = manager.newSubManager()) {
      NDList results = program.forward(inputs, weights);
      results.attach(scope);
    }
  }

  /** One forward and backward pass. */
  void forwardAndBackward() {
    try (NDManager scope = manager.newSubManager();
        GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      NDList results = program.forwardForGradients(inputs, weights);
      results.attach(scope);
      NDArray loss = results.get(0).square().mean();
      loss.attach(scope);
      collector.backward(loss);
    }
  }

  @Override
  public void close() {
    program.close();
    manager.close();
  }
}
