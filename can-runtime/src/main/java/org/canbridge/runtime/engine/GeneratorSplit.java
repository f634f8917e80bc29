package org.canbridge.runtime.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.LayoutOp;
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Role;

/**
 * Generators of a sum as sums: what linear generators make of the condition {@code c = time +
 * label} is what they make of the time plus what they make of the label, {@code G (P (e_t + e_y) +
 * p) = G (P e_t + p) + G P e_y}. Constant terms go to the time.
 *
 * @param graph the network and, behind it, the generators of either part
 * @param byTime for each generator, in execution order, {@code (B, R)} of the time
 * @param byLabel the same of the label, without constants
 */
record GeneratorSplit(Graph graph, List<Node> byTime, List<Node> byLabel) {

  /** Empty unless all generators are linear in one sum of time and label. */
  static Optional<GeneratorSplit> of(Graph graph) {
    List<Node> generated = graph.withRole(Role.GENERATED);
    for (Node sum : graph.withRole(Role.CONDITION)) {
      Linearity linearity = new Linearity(sum);
      if (sum.op() instanceof ElementwiseOp.Add
          && sum.inputs().stream().allMatch(part -> part.shape().equals(sum.shape()))
          && generated.stream().allMatch(linearity::holds)) {
        return Optional.of(split(graph, generated, sum));
      }
    }
    return Optional.empty();
  }

  private static GeneratorSplit split(Graph graph, List<Node> generated, Node sum) {
    boolean timeFirst = sum.inputs().get(0).role().filter(Role.TIME_EMBED::equals).isPresent();
    Node time = sum.inputs().get(timeFirst ? 0 : 1);
    Node label = sum.inputs().get(timeFirst ? 1 : 0);
    GraphBuilder builder = GraphBuilder.extending(graph);
    Copy ofTime = new Copy(builder, sum, time, true);
    Copy ofLabel = new Copy(builder, sum, label, false);
    List<Node> byTime = generated.stream().map(ofTime::of).toList();
    List<Node> byLabel = generated.stream().map(ofLabel::of).toList();
    return new GeneratorSplit(builder.build(), byTime, byLabel);
  }

  /** Which values are linear in a node, up to a constant. */
  private static final class Linearity {
    private final Map<Node, Boolean> constant = new HashMap<>();
    private final Node in;

    Linearity(Node in) {
      this.in = in;
    }

    boolean holds(Node node) {
      if (node == in) {
        return true;
      }
      Op op = node.op();
      boolean linear =
          op instanceof LinearOp.Linear
              || op instanceof LayoutOp.Reshape
              || op instanceof LayoutOp.Permute
              || op instanceof LayoutOp.Slice;
      List<Node> inputs = node.inputs();
      return op instanceof LayoutOp.Concat
          ? inputs.stream().allMatch(this::holds)
          : linear
              && holds(inputs.get(0))
              && inputs.subList(1, inputs.size()).stream().allMatch(this::isConstant);
    }

    /** Whether a value is made of parameters alone. */
    private boolean isConstant(Node node) {
      Boolean known = constant.get(node);
      if (known == null) {
        known =
            node.op() instanceof Op.Parameter
                || (!node.inputs().isEmpty() && node.inputs().stream().allMatch(this::isConstant));
        constant.put(node, known);
      }
      return known;
    }
  }

  /** Copies of what comes after a node, as if another were in its place. */
  private static final class Copy {
    private final GraphBuilder builder;
    private final boolean constants;
    private final Map<Node, Node> copies = new HashMap<>();

    Copy(GraphBuilder builder, Node replaced, Node by, boolean constants) {
      this.builder = builder;
      this.constants = constants;
      copies.put(replaced, by);
    }

    /** {@code node} must be linear in what is replaced. */
    Node of(Node node) {
      Node known = copies.get(node);
      if (known != null) {
        return known;
      }
      List<Node> in = new ArrayList<>(node.inputs());
      if (node.op() instanceof LayoutOp.Concat) {
        in.replaceAll(this::of);
      } else {
        in.set(0, of(in.get(0)));
      }
      if (node.op() instanceof LinearOp.Linear && !constants) {
        in = in.subList(0, 2);
      }
      Node copy = builder.at(node.path()).add(node.op(), null, in.toArray(Node[]::new));
      copies.put(node, copy);
      return copy;
    }
  }
}
