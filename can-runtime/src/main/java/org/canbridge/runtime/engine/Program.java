package org.canbridge.runtime.engine;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.training.ParameterStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import org.canbridge.runtime.engine.torchscript.TorchScriptArchive;
import org.canbridge.runtime.engine.torchscript.TorchScriptLowering;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Node;

/** A graph as a loaded TorchScript module; one call of {@link #forward} is one native call. */
public final class Program implements AutoCloseable {
  private final Model model;

  private Program(Model model) {
    this.model = model;
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
    Model model = TorchEngine.newModel(arithmetic.device());
    try {
      model.load(new ByteArrayInputStream(TorchScriptArchive.of(source)));
      return new Program(model);
    } catch (IOException | MalformedModelException | RuntimeException e) {
      model.close();
      throw new IllegalStateException(
          "the engine refused the program of this network:\n" + source, e);
    }
  }

  /**
   * Runs the network.
   *
   * @param inputs in the order of the graph's inputs
   * @param weights in the order of the graph's parameters, as {@link #prepare} gave them
   * @return the asked values in order, float32, owned by the manager of the first input
   */
  public NDList forward(NDList inputs, NDList weights) {
    return call(null, inputs, weights);
  }

  /**
   * The weights as {@link #forward} wants them. For bfloat16 they are opaque: asking for their data
   * type kills the JVM (DJL 0.35.1).
   *
   * @param weights in the order of the graph's parameters
   */
  public NDList prepare(NDList weights) {
    return call("prepare", new NDList(), weights);
  }

  private NDList call(String method, NDList inputs, NDList weights) {
    NDList arguments = new NDList();
    if (method != null) {
      // DJL takes the method's name from an array's name; the array itself is not passed on.
      NDArray selector = weights.getManager().create(0f);
      selector.setName("module_method:" + method);
      arguments.add(selector);
    }
    arguments.addAll(inputs);
    for (NDArray weight : weights) {
      weight.setName("w[]"); // DJL gathers all arrays of this name into one List[Tensor]
      arguments.add(weight);
    }
    return model
        .getBlock()
        .forward(new ParameterStore(model.getNDManager(), false), arguments, false);
  }

  @Override
  public void close() {
    model.close();
  }
}
