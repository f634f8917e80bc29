package org.canbridge.runtime.graph;

import static org.canbridge.runtime.graph.ShapeRules.check;

import java.util.List;

/** What looks at whole axes: norms, softmax, means. */
public sealed interface ReductionOp extends Op {

  /** Normalisation over the last axis: x {@code (..., D)}, optional weight and bias {@code (D)}. */
  record LayerNorm(double eps) implements ReductionOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.layerNorm(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      Shape x = in.get(0).shape();
      for (Node affine : in.subList(1, in.size())) {
        check(affine.shape().equals(Shape.of(x.size(-1))), "weight and bias must be (D)", in);
      }
      return x;
    }
  }

  /**
   * Batch normalisation with stored statistics (inference): x {@code (B, C, H, W)}, weight, bias,
   * mean and variance {@code (C)} each.
   */
  record BatchNorm(double eps) implements ReductionOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.batchNorm(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      Shape x = in.get(0).shape();
      check(x.rank() == 4, "x must be (B, C, H, W)", in);
      check(in.size() == 5, "weight, bias, mean and variance must be given", in);
      for (Node statistic : in.subList(1, in.size())) {
        check(
            statistic.shape().equals(Shape.of(x.size(1))),
            "weight, bias, mean and variance must be (C)",
            in);
      }
      return x;
    }
  }

  /**
   * Normalisation over groups of neighbouring channels: x {@code (B, C, ...)}, weight and bias
   * {@code (C)}. Source: Wu and He, ECCV 2018 (arXiv 1803.08494).
   */
  record GroupNorm(int groups, double eps) implements ReductionOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.groupNorm(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      Shape x = in.get(0).shape();
      check(x.rank() >= 2 && x.dim(0).equals(Dim.BATCH), "x must be (B, C, ...)", in);
      check(x.size(1) % groups == 0, "channels must be a multiple of groups", in);
      for (Node affine : in.subList(1, in.size())) {
        check(affine.shape().equals(Shape.of(x.size(1))), "weight and bias must be (C)", in);
      }
      return x;
    }
  }

  /** {@code x / |x|}, Euclidean length over the last axis. */
  record L2Normalize() implements ReductionOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.l2Normalize(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      return in.get(0).shape();
    }
  }

  /** {@code exp(x_i) / sum_j exp(x_j)} over the last axis. */
  record Softmax() implements ReductionOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.softmax(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      check(in.get(0).shape().rank() >= 1, "x must have an axis", in);
      return in.get(0).shape();
    }
  }

  /** The mean over some axes, which stay with size 1. */
  record Mean(List<Integer> axes) implements ReductionOp {
    /** Keeps its own copy. */
    public Mean {
      axes = List.copyOf(axes);
    }

    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.mean(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      Shape shape = in.get(0).shape();
      for (int axis : axes) {
        check(!shape.dim(axis).batch(), "samples cannot be averaged", in);
        shape = shape.with(axis, Dim.of(1));
      }
      return shape;
    }
  }
}
