package org.canbridge.runtime.engine.torchscript;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.canbridge.runtime.engine.kernels.Kernels;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;

/**
 * Weights and biases that are filled up with zeros once, in {@code prepare}: parameters that only
 * convolutions use whose channels are filled up. As with {@link PackedLinears}, the graph alone
 * decides.
 */
public final class PaddedConvolutions {
  /** No parameter is filled up beforehand. */
  static final PaddedConvolutions NONE = new PaddedConvolutions(Set.of());

  private final Set<Node> parameters;

  private PaddedConvolutions(Set<Node> parameters) {
    this.parameters = parameters;
  }

  /** Those of a graph. */
  public static PaddedConvolutions of(Graph graph, Kernels kernels) {
    Set<Node> padded = new HashSet<>();
    Set<Node> others = new HashSet<>();
    Map<Node, Integer> places = new HashMap<>();
    for (Node node : graph.nodes()) {
      List<Node> in = node.inputs();
      boolean fills =
          node.op() instanceof LinearOp.Conv2d op
              && kernels.form(Convolutions.kernel(op, in)).padded();
      for (int i = 0; i < in.size(); i++) {
        boolean own = fills && i > 0 && in.get(i).op() instanceof Op.Parameter;
        // One tensor in two places, weight here and bias there, would be filled up in two ways.
        boolean alike = places.merge(in.get(i), i, (a, b) -> a.equals(b) ? a : -1) == i;
        (own && alike ? padded : others).add(in.get(i));
      }
    }
    padded.removeAll(others);
    return new PaddedConvolutions(padded);
  }

  /** Whether there is none. */
  public boolean isEmpty() {
    return parameters.isEmpty();
  }

  /** Whether this parameter reaches {@code forward} filled up. */
  public boolean contains(Node parameter) {
    return parameters.contains(parameter);
  }
}
