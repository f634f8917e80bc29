package org.canbridge.runtime.engine.torchscript;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.ElementwiseOp.Pointwise.Function;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;

/**
 * Which linear layers run on oneDNN's fused kernels: bfloat16 inference on a CPU that has the
 * instructions. Their weights are laid out for the matrix units once, in {@code prepare}; a GELU
 * right behind such a layer is computed in the same kernel. What is packed depends on the graph
 * alone, never on the values asked for, since all programs of a session share the prepared weights.
 */
final class PackedLinears {
  /** No layer is packed. */
  static final PackedLinears NONE = new PackedLinears(Set.of(), Map.of());

  private final Set<Node> weights;
  private final Map<Node, Integer> uses;

  private PackedLinears(Set<Node> weights, Map<Node, Integer> uses) {
    this.weights = weights;
    this.uses = uses;
  }

  /**
   * The layers of {@code graph} whose weight is a parameter that nothing but linear layers uses.
   */
  static PackedLinears of(Graph graph) {
    Set<Node> packed = new HashSet<>();
    Set<Node> others = new HashSet<>();
    Map<Node, Integer> uses = new HashMap<>();
    for (Node node : graph.nodes()) {
      List<Node> in = node.inputs();
      for (int i = 0; i < in.size(); i++) {
        uses.merge(in.get(i), 1, Integer::sum);
        boolean weight =
            node.op() instanceof LinearOp.Linear
                && i == 1
                && in.get(i).op() instanceof Op.Parameter;
        (weight ? packed : others).add(in.get(i));
      }
    }
    packed.removeAll(others);
    return new PackedLinears(packed, uses);
  }

  /** Whether this parameter is a packed weight. */
  boolean isPacked(Node parameter) {
    return weights.contains(parameter);
  }

  /** Whether {@code node} is a packed linear layer. */
  boolean isPackedLayer(Node node) {
    return node.op() instanceof LinearOp.Linear && isPacked(node.inputs().get(1));
  }

  /**
   * Whether {@code node} is a packed linear layer whose only use is {@code next}, a GELU, so that
   * both are one kernel.
   */
  boolean isFusedWith(Node node, Node next) {
    return isPackedLayer(node)
        && next.op() instanceof ElementwiseOp.Pointwise pointwise
        && (pointwise.function() == Function.GELU_ERF || pointwise.function() == Function.GELU_TANH)
        && uses.get(node) == 1;
  }
}
