package org.canbridge.runtime.fold;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Initializer;
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.runtime.graph.Shape;

/**
 * The pass that makes each convolution with a batch norm behind it into one convolution with bias:
 * with stored statistics a batch norm is {@code a x + b} in every channel, and the convolution in
 * front of it can do that too.
 *
 * <p>Requires weights that are parameters. Ensures that outputs, inputs and the other parameters
 * stay, and that with the values of {@link FoldedWeights} the network computes what it computed
 * before, up to rounding. The new convolution keeps path, role and the name of its weight; its bias
 * is {@code <convolution>.bias}. Neither of the two modules gives what a module of that path gave,
 * so neither can be tapped. A batch norm stays if anything else takes the convolution's value or
 * its weight.
 */
public final class BatchNormFold {
  private static final int BIAS = 2;

  private final Graph source;
  private final GraphBuilder builder = new GraphBuilder();
  private final Map<Node, Integer> uses = new HashMap<>();
  private final Map<Node, Node> copies = new HashMap<>();
  private final Map<Node, Pair> pairs = new LinkedHashMap<>();
  private final Set<Node> gone = new HashSet<>();

  /**
   * A convolution and its batch norm, by the names of their parameters.
   *
   * @param convolution module path
   * @param norm module path
   * @param weight of the convolution, {@code (O, C/groups, kh, kw)}
   * @param bias of the folded convolution, {@code (O)}
   * @param biased whether the convolution had that bias before
   * @param normWeight {@code (O)}, as the next three
   * @param normBias what the norm adds
   * @param mean the stored mean
   * @param variance the stored variance
   * @param eps what the norm adds to the variance
   */
  public record Pair(
      String convolution,
      String norm,
      String weight,
      String bias,
      boolean biased,
      String normWeight,
      String normBias,
      String mean,
      String variance,
      double eps) {}

  /**
   * What folding gives.
   *
   * @param graph the network without the norms
   * @param pairs what was folded, in execution order
   */
  public record Folded(Graph graph, List<Pair> pairs) {
    /** Keeps its own copy. */
    public Folded {
      pairs = List.copyOf(pairs);
    }
  }

  private BatchNormFold(Graph source) {
    this.source = source;
  }

  /** Folds every batch norm that can be folded. */
  public static Folded of(Graph source) {
    return new BatchNormFold(source).run();
  }

  private Folded run() {
    source.nodes().forEach(n -> n.inputs().forEach(this::countUse));
    source.outputs().values().forEach(this::countUse);
    source
        .modules()
        .forEach(
            (path, node) -> {
              if (!path.equals(node.path())) {
                countUse(node);
              }
            });
    source.nodes().forEach(this::choose);
    source.tokenGrid().ifPresent(builder::tokenGrid);
    source.nodes().stream().filter(n -> !gone.contains(n)).forEach(this::copy);
    source.outputs().forEach((name, node) -> builder.output(name, copies.get(node)));
    source
        .modules()
        .forEach(
            (path, node) -> {
              if (!gone.contains(node) && !isFoldedNorm(path, node)) {
                builder.at(path).returns(copies.get(node));
              }
            });
    return new Folded(builder.build(), List.copyOf(pairs.values()));
  }

  private void countUse(Node node) {
    uses.merge(node, 1, Integer::sum);
  }

  private boolean isFoldedNorm(String path, Node node) {
    return pairs.containsKey(node) && path.equals(node.path());
  }

  private void choose(Node norm) {
    if (!(norm.op() instanceof ReductionOp.BatchNorm op)) {
      return;
    }
    Node convolution = norm.inputs().get(0);
    if (!(convolution.op() instanceof LinearOp.Conv2d)) {
      return;
    }
    List<Node> statistics = norm.inputs().subList(1, norm.inputs().size());
    List<Node> weights = convolution.inputs().subList(1, convolution.inputs().size());
    boolean foldable =
        usedOnce(convolution)
            && weights.stream().allMatch(this::isOwnParameter)
            && statistics.stream().allMatch(this::isOwnParameter);
    if (!foldable) {
      return;
    }
    boolean biased = weights.size() == BIAS;
    pairs.put(
        norm,
        new Pair(
            convolution.path(),
            norm.path(),
            name(weights.get(0)),
            biased ? name(weights.get(1)) : convolution.path() + ".bias",
            biased,
            name(statistics.get(0)),
            name(statistics.get(1)),
            name(statistics.get(2)),
            name(statistics.get(3)),
            op.eps()));
    gone.add(convolution);
    gone.addAll(statistics);
  }

  private boolean usedOnce(Node node) {
    return uses.getOrDefault(node, 0) == 1;
  }

  private boolean isOwnParameter(Node node) {
    return node.op() instanceof Op.Parameter && usedOnce(node);
  }

  private static String name(Node parameter) {
    return ((Op.Parameter) parameter.op()).name();
  }

  private void copy(Node node) {
    Pair pair = pairs.get(node);
    copies.put(node, pair == null ? same(node) : folded(node.inputs().get(0), pair));
  }

  private Node same(Node node) {
    GraphBuilder at = builder.at(node.path());
    if (node.op() instanceof Op.Parameter parameter) {
      return at.parameter(parameter);
    }
    Node[] in = node.inputs().stream().map(copies::get).toArray(Node[]::new);
    return at.add(node.op(), node.role().orElse(null), in);
  }

  private Node folded(Node convolution, Pair pair) {
    GraphBuilder at = builder.at(convolution.path());
    List<Node> in = convolution.inputs();
    Node bias =
        at.parameter(
            new Op.Parameter(
                pair.bias(), Shape.of(in.get(1).shape().size(0)), Initializer.Usual.ZEROS));
    return at.add(
        convolution.op(),
        convolution.role().orElse(null),
        copies.get(in.get(0)),
        copies.get(in.get(1)),
        bias);
  }
}
