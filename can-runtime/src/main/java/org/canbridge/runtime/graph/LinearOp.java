package org.canbridge.runtime.graph;

import static org.canbridge.runtime.graph.ShapeRules.bias;
import static org.canbridge.runtime.graph.ShapeRules.check;

import java.util.List;

/** Linear maps and convolutions, with one weight for all samples or one for each. */
public sealed interface LinearOp extends Op {

  /** {@code x W^T + b}: x {@code (..., K)}, W {@code (M, K)}, optional b {@code (M)}. */
  record Linear() implements LinearOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.linear(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      Shape x = in.get(0).shape();
      Shape w = in.get(1).shape();
      check(w.rank() == 2 && !w.isBatched(), "weight must be (M, K)", in);
      check(x.rank() >= 1 && x.dim(-1).equals(w.dim(1)), "last axis of x must be K", in);
      bias(in, Shape.of(w.size(0)));
      return x.with(-1, w.dim(0));
    }

    @Override
    public long cost(List<Node> in) {
      return in.get(0).shape().elements() * in.get(1).shape().size(0);
    }
  }

  /**
   * Linear map with one weight for each sample: x {@code (B, N, K)}, W {@code (B, M, K)}, optional
   * b {@code (B, M)}.
   */
  record SampleLinear() implements LinearOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.sampleLinear(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      Shape x = in.get(0).shape();
      Shape w = in.get(1).shape();
      check(x.rank() == 3 && x.dim(0).equals(Dim.BATCH), "x must be (B, N, K)", in);
      check(w.rank() == 3 && w.dim(0).equals(Dim.BATCH), "weight must be (B, M, K)", in);
      check(x.dim(2).equals(w.dim(2)), "last axis of x must be K", in);
      bias(in, Shape.batched(w.size(1)));
      return x.with(2, w.dim(1));
    }

    @Override
    public long cost(List<Node> in) {
      return in.get(0).shape().elements() * in.get(1).shape().size(1);
    }
  }

  /**
   * Convolution: x {@code (B, C, H, W)}, weight {@code (O, C/groups, kh, kw)}, optional bias {@code
   * (O)}.
   */
  record Conv2d(int stride, int padding, int groups) implements LinearOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.conv2d(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      Shape w = in.get(1).shape();
      check(w.rank() == 4 && !w.isBatched(), "weight must be (O, C/groups, kh, kw)", in);
      bias(in, Shape.of(w.size(0)));
      return convolved(in, w.dims(), stride, padding, groups);
    }

    @Override
    public long cost(List<Node> in) {
      return convolutionCost(in.get(1).shape().dims(), shape(in));
    }
  }

  /**
   * Convolution with one kernel for each sample: weight {@code (B, O, C/groups, kh, kw)}, optional
   * bias {@code (B, O)}.
   */
  record SampleConv2d(int stride, int padding, int groups) implements LinearOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.sampleConv2d(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      Shape w = in.get(1).shape();
      check(
          w.rank() == 5 && w.dim(0).equals(Dim.BATCH),
          "weight must be (B, O, C/groups, kh, kw)",
          in);
      bias(in, Shape.batched(w.size(1)));
      return convolved(in, w.dims().subList(1, 5), stride, padding, groups);
    }

    @Override
    public long cost(List<Node> in) {
      return convolutionCost(in.get(1).shape().dims().subList(1, 5), shape(in));
    }
  }

  private static Shape convolved(
      List<Node> in, List<Dim> kernel, int stride, int padding, int groups) {
    Shape x = in.get(0).shape();
    check(x.rank() == 4 && x.dim(0).equals(Dim.BATCH), "x must be (B, C, H, W)", in);
    check(
        x.size(1) == kernel.get(1).size() * groups,
        "channels must be those of the weight times groups",
        in);
    check(kernel.get(0).size() % groups == 0, "output channels must be a multiple of groups", in);
    long height = (x.size(2) + 2L * padding - kernel.get(2).size()) / stride + 1;
    long width = (x.size(3) + 2L * padding - kernel.get(3).size()) / stride + 1;
    check(height > 0 && width > 0, "the kernel is larger than the map", in);
    return Shape.batched(kernel.get(0).size(), height, width);
  }

  /** The whole kernel at every position of the result. */
  private static long convolutionCost(List<Dim> kernel, Shape result) {
    long perPosition = kernel.stream().mapToLong(Dim::size).reduce(1, (a, b) -> a * b);
    return perPosition * result.size(2) * result.size(3);
  }
}
