package org.canbridge.runtime.export;

import java.util.HashMap;
import java.util.Map;
import org.canbridge.importers.family.Objective;
import org.canbridge.runtime.family.NetworkInput;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.LookupOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Shape;

/**
 * Classifier-free guidance (Ho and Salimans 2022) in one graph with the network: {@code null +
 * scale * (conditional - null)} of the channels that the objective names, in the form in which its
 * authors count the scale. What does not depend on the condition is computed once.
 *
 * <p>The network's inputs are followed by {@code null_context (B, N, D)}, the features of the empty
 * text, where it takes text, and {@code scale (1)}. The null class is the objective's.
 */
final class GuidedGraph {
  private static final String SCALE = "scale";
  private static final String NULL_TEXT = "null_context";
  private static final String OUTPUT = "output";

  private final Graph network;
  private final Objective objective;
  private final GraphBuilder g;
  private final Map<Node, Node> unconditional = new HashMap<>();

  private GuidedGraph(Graph network, Objective objective) {
    this.network = network;
    this.objective = objective;
    this.g = GraphBuilder.extending(network);
  }

  /**
   * The guided network.
   *
   * @throws IllegalArgumentException if there is nothing to guide it away from
   */
  static Graph of(Graph network, Objective objective) {
    if (objective.classes() > 0 && !objective.nullClass()) {
      throw new IllegalArgumentException(
          "there is no null class, so there is nothing to guide this network away from");
    }
    return new GuidedGraph(network, objective).build();
  }

  private Graph build() {
    for (Node node : network.nodes()) {
      if (node.op() instanceof Op.Input input && NetworkInput.TEXT.is(input)) {
        unconditional.put(node, g.input(NULL_TEXT, Kind.FLOAT, node.shape()));
      } else if (isLabel(node)) {
        long row = objective.classes();
        Node none = g.slice(node.inputs().get(1), 0, row, row + 1);
        // The sum has the shape of the batch.
        unconditional.put(node, g.add(g.mulScalar(node, 0), none));
      } else if (node.inputs().stream().anyMatch(unconditional::containsKey)) {
        Node[] inputs =
            node.inputs().stream().map(n -> unconditional.getOrDefault(n, n)).toArray(Node[]::new);
        unconditional.put(node, g.at(node.path()).add(node.op(), null, inputs));
      }
    }
    Node conditional = network.value(OUTPUT);
    Node none = unconditional.get(conditional);
    if (none == null) {
      throw new IllegalArgumentException(
          "this network has no condition, so there is nothing to guide it away from");
    }
    g.output(OUTPUT, guided(conditional, none));
    return g.build();
  }

  private static boolean isLabel(Node node) {
    return node.op() instanceof LookupOp.Embedding
        && node.inputs().get(0).op() instanceof Op.Input input
        && NetworkInput.LABEL.is(input);
  }

  private Node guided(Node conditional, Node none) {
    Node scale = g.input(SCALE, Kind.FLOAT, Shape.of(1));
    Node factor = objective.guidance().added() ? g.addScalar(scale, 1) : scale;
    int channels = Math.toIntExact(conditional.shape().size(1));
    int limit = objective.guidance().channels().of(imageChannels(), channels);
    if (limit == channels) {
      return g.addMul(none, g.sub(conditional, none), factor);
    }
    Node from = g.slice(none, 1, 0, limit);
    Node away = g.sub(g.slice(conditional, 1, 0, limit), from);
    return g.concat(1, g.addMul(from, away, factor), g.slice(conditional, 1, limit, channels));
  }

  private int imageChannels() {
    return network.nodes().stream()
        .filter(n -> n.op() instanceof Op.Input input && NetworkInput.IMAGE.is(input))
        .mapToInt(n -> Math.toIntExact(n.shape().size(1)))
        .findFirst()
        .orElseThrow();
  }
}
