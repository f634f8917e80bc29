package org.canbridge.runtime.graph;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Parameters and multiply-accumulate operations ({@link Op#cost}) of a graph for one sample,
 * without allocating a tensor. The statistics that a batch norm stores are no parameters.
 */
public final class CostModel {

  /**
   * The cost of one module.
   *
   * @param path module path
   * @param role the part its node plays, if any
   * @param parameters number of parameters
   * @param macs multiply-accumulate operations for one sample
   */
  public record Row(String path, Optional<Role> role, long parameters, long macs) {}

  /**
   * The cost of a network.
   *
   * @param rows one for each module that has parameters or does counted work, in execution order
   * @param parameters all parameters
   * @param macs all counted operations for one sample
   * @param attentionMacs the share of {@code macs} in attention's matrix products, which some
   *     papers leave out
   */
  public record Cost(List<Row> rows, long parameters, long macs, long attentionMacs) {}

  private CostModel() {}

  /** The cost of {@code graph} for one sample. */
  public static Cost of(Graph graph) {
    Map<String, Row> rows = new LinkedHashMap<>();
    long parameters = 0;
    long macs = 0;
    long attention = 0;
    Set<Node> statistics = statistics(graph);
    for (Node node : graph.nodes()) {
      boolean counts = node.op() instanceof Op.Parameter && !statistics.contains(node);
      long own = counts ? node.shape().elements() : 0;
      long work = node.op().cost(node.inputs());
      parameters += own;
      macs += work;
      attention += node.op() instanceof AttentionOp ? work : 0;
      if (own > 0 || work > 0) {
        rows.merge(
            node.path(),
            new Row(node.path(), node.role(), own, work),
            (a, b) ->
                new Row(
                    a.path(),
                    a.role().or(b::role),
                    a.parameters() + b.parameters(),
                    a.macs() + b.macs()));
      }
    }
    return new Cost(List.copyOf(rows.values()), parameters, macs, attention);
  }

  /** Mean and variance of every batch norm. */
  private static Set<Node> statistics(Graph graph) {
    Set<Node> statistics = new HashSet<>();
    for (Node node : graph.nodes()) {
      if (node.op() instanceof ReductionOp.BatchNorm) {
        statistics.addAll(node.inputs().subList(3, 5));
      }
    }
    return statistics;
  }
}
