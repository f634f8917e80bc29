package org.canbridge.runtime.engine;

import ai.djl.ndarray.NDList;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.engine.torchscript.TorchScriptLowering;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Node;

/** A graph as a loaded TorchScript module; one call of {@link #forward} is one native call. */
public final class Program implements AutoCloseable {
  private final TorchModule module;

  private Program(TorchModule module) {
    this.module = module;
  }

  /** Compiles the computation of {@code values} of {@code graph} for a target. */
  public static Program compile(Graph graph, List<Node> values, Target target) {
    return compile(graph, values, List.of(), Arithmetic.here(target));
  }

  /**
   * As {@link #compile(Graph, List, Target)}, with values that are passed instead of computed.
   *
   * @param given passed to {@link #forward} behind the inputs, each {@code (U, R)}, and then,
   *     unless there are none, the row {@code (B)} that each sample takes
   */
  static Program compile(Graph graph, List<Node> values, List<Node> given, Arithmetic arithmetic) {
    String source =
        TorchScriptLowering.program(
            graph, values, given, arithmetic.precision().scalarType(), arithmetic.kernels());
    return new Program(TorchModule.load(source, arithmetic.device(), "program of this network"));
  }

  /**
   * Runs the network.
   *
   * @param inputs in the order of the graph's inputs
   * @param weights in the order of the graph's parameters, as {@link #prepare} gave them
   * @return the asked values in order, float32, owned by the manager of the first input
   */
  public NDList forward(NDList inputs, NDList weights) {
    return module.forward(inputs, weights);
  }

  /**
   * The weights as {@link #forward} wants them. For bfloat16 they are opaque: asking for their data
   * type kills the JVM.
   *
   * @param weights in the order of the graph's parameters
   */
  public NDList prepare(NDList weights) {
    return module.call(weights.getManager(), "prepare", new NDList(), Map.of("w", weights));
  }

  @Override
  public void close() {
    module.close();
  }
}
