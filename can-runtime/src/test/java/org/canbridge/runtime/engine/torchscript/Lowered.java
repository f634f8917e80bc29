package org.canbridge.runtime.engine.torchscript;

import java.util.List;
import org.canbridge.runtime.engine.kernels.Kernel;
import org.canbridge.runtime.engine.kernels.Kernels;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Node;

/** What the lowering keeps to itself, for tests of the engine. */
public final class Lowered {
  private Lowered() {}

  /** The statements that training takes for a value. */
  public static String differentiable(Graph graph, Node value, ScalarType type, Kernels kernels) {
    return TorchScriptLowering.differentiable(graph, List.of(value), type, kernels, "")
        .body()
        .toString();
  }

  /** The kernels that a node asks for. */
  public static List<Kernel> kernels(Node node) {
    return KernelUse.of(node);
  }
}
