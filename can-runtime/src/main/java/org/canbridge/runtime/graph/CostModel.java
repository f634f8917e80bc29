package org.canbridge.runtime.graph;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Parameters and multiply-accumulate operations of a graph for one sample, without allocating a
 * tensor. Counted are linear layers, convolutions and the two matrix products of attention; norms
 * and element-wise work are not, as in the published figures (DiT-XL/2 at 256: 118.6G, arXiv
 * 2212.09748). The statistics that a batch norm stores are no parameters.
 */
public final class CostModel implements OpVisitor<Long> {

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
    CostModel model = new CostModel();
    Map<String, Row> rows = new LinkedHashMap<>();
    long parameters = 0;
    long macs = 0;
    long attention = 0;
    Set<Node> statistics = statistics(graph);
    for (Node node : graph.nodes()) {
      boolean counts = node.op() instanceof Op.Parameter && !statistics.contains(node);
      long own = counts ? node.shape().elements() : 0;
      long work = node.op().accept(model, node.inputs());
      parameters += own;
      macs += work;
      attention += isAttention(node.op()) ? work : 0;
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
      if (node.op() instanceof Op.BatchNorm) {
        statistics.addAll(node.inputs().subList(3, 5));
      }
    }
    return statistics;
  }

  private static boolean isAttention(Op op) {
    return op instanceof Op.Attention
        || op instanceof Op.CausalAttention
        || op instanceof Op.ReluLinearAttention;
  }

  @Override
  public Long input(Op.Input op) {
    return 0L;
  }

  @Override
  public Long parameter(Op.Parameter op) {
    return 0L;
  }

  @Override
  public Long linear(Op.Linear op, List<Node> in) {
    return in.get(0).shape().elements() * in.get(1).shape().size(0);
  }

  @Override
  public Long sampleLinear(Op.SampleLinear op, List<Node> in) {
    return in.get(0).shape().elements() * in.get(1).shape().size(1);
  }

  @Override
  public Long conv2d(Op.Conv2d op, List<Node> in) {
    return convolution(in.get(0).shape(), in.get(1).shape().dims(), op.stride(), op.padding());
  }

  @Override
  public Long sampleConv2d(Op.SampleConv2d op, List<Node> in) {
    return convolution(
        in.get(0).shape(), in.get(1).shape().dims().subList(1, 5), op.stride(), op.padding());
  }

  private static long convolution(Shape x, List<Dim> kernel, int stride, int padding) {
    long perPosition = kernel.stream().mapToLong(Dim::size).reduce(1, (a, b) -> a * b);
    long rows = (x.size(2) + 2L * padding - kernel.get(2).size()) / stride + 1;
    long columns = (x.size(3) + 2L * padding - kernel.get(3).size()) / stride + 1;
    return perPosition * rows * columns;
  }

  @Override
  public Long layerNorm(Op.LayerNorm op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long batchNorm(Op.BatchNorm op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long groupNorm(Op.GroupNorm op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long l2Normalize(Op.L2Normalize op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long attention(Op.Attention op, List<Node> in) {
    return attention(in);
  }

  /** Counted in full, as the published figures do: a mask saves no work in the usual kernels. */
  @Override
  public Long causalAttention(Op.CausalAttention op, List<Node> in) {
    return attention(in);
  }

  private static long attention(List<Node> in) {
    Shape q = in.get(0).shape();
    Shape k = in.get(1).shape();
    Shape v = in.get(2).shape();
    return q.elements() * k.size(2) + q.size(1) * q.size(2) * k.size(2) * v.size(3);
  }

  /** {@code K^T [V, 1]} and {@code Q} times that: the column of ones is the denominator. */
  @Override
  public Long reluLinearAttention(Op.ReluLinearAttention op, List<Node> in) {
    Shape q = in.get(0).shape();
    Shape k = in.get(1).shape();
    long columns = in.get(2).shape().size(3) + 1;
    return Math.multiplyExact(k.elements() + q.elements(), columns);
  }

  @Override
  public Long pointwise(Op.Pointwise op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long add(Op.Add op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long addScalar(Op.AddScalar op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long mulScalar(Op.MulScalar op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long divScalar(Op.DivScalar op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long clamp(Op.Clamp op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long addMul(Op.AddMul op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long softmax(Op.Softmax op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long mean(Op.Mean op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long reshape(Op.Reshape op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long pad(Op.Pad op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long upsampleNearest(Op.UpsampleNearest op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long permute(Op.Permute op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long slice(Op.Slice op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long concat(Op.Concat op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long embedding(Op.Embedding op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long selectToken(Op.SelectToken op, List<Node> in) {
    return 0L;
  }

  @Override
  public Long timestepEmbedding(Op.TimestepEmbedding op, List<Node> in) {
    return 0L;
  }
}
