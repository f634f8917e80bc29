package org.canbridge.runtime.graph;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * The shape that an operation gives, or an {@link IllegalArgumentException} that says which input
 * does not fit.
 */
final class ShapeInference implements OpVisitor<Shape> {

  @Override
  public Shape input(Op.Input op) {
    return op.shape();
  }

  @Override
  public Shape parameter(Op.Parameter op) {
    return op.shape();
  }

  @Override
  public Shape linear(Op.Linear op, List<Node> in) {
    Shape x = in.get(0).shape();
    Shape w = in.get(1).shape();
    check(w.rank() == 2 && !w.isBatched(), "weight must be (M, K)", in);
    check(x.rank() >= 1 && x.dim(-1).equals(w.dim(1)), "last axis of x must be K", in);
    bias(in, Shape.of(w.size(0)));
    return x.with(-1, w.dim(0));
  }

  @Override
  public Shape sampleLinear(Op.SampleLinear op, List<Node> in) {
    Shape x = in.get(0).shape();
    Shape w = in.get(1).shape();
    check(x.rank() == 3 && x.dim(0).equals(Dim.BATCH), "x must be (B, N, K)", in);
    check(w.rank() == 3 && w.dim(0).equals(Dim.BATCH), "weight must be (B, M, K)", in);
    check(x.dim(2).equals(w.dim(2)), "last axis of x must be K", in);
    bias(in, Shape.batched(w.size(1)));
    return x.with(2, w.dim(1));
  }

  @Override
  public Shape conv2d(Op.Conv2d op, List<Node> in) {
    Shape w = in.get(1).shape();
    check(w.rank() == 4 && !w.isBatched(), "weight must be (O, C/groups, kh, kw)", in);
    bias(in, Shape.of(w.size(0)));
    return convolved(in, w.dims(), op.stride(), op.padding(), op.groups());
  }

  @Override
  public Shape sampleConv2d(Op.SampleConv2d op, List<Node> in) {
    Shape w = in.get(1).shape();
    check(
        w.rank() == 5 && w.dim(0).equals(Dim.BATCH), "weight must be (B, O, C/groups, kh, kw)", in);
    bias(in, Shape.batched(w.size(1)));
    return convolved(in, w.dims().subList(1, 5), op.stride(), op.padding(), op.groups());
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

  @Override
  public Shape layerNorm(Op.LayerNorm op, List<Node> in) {
    Shape x = in.get(0).shape();
    for (Node affine : in.subList(1, in.size())) {
      check(affine.shape().equals(Shape.of(x.size(-1))), "weight and bias must be (D)", in);
    }
    return x;
  }

  @Override
  public Shape batchNorm(Op.BatchNorm op, List<Node> in) {
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

  @Override
  public Shape groupNorm(Op.GroupNorm op, List<Node> in) {
    Shape x = in.get(0).shape();
    check(x.rank() >= 2 && x.dim(0).equals(Dim.BATCH), "x must be (B, C, ...)", in);
    check(x.size(1) % op.groups() == 0, "channels must be a multiple of groups", in);
    for (Node affine : in.subList(1, in.size())) {
      check(affine.shape().equals(Shape.of(x.size(1))), "weight and bias must be (C)", in);
    }
    return x;
  }

  @Override
  public Shape l2Normalize(Op.L2Normalize op, List<Node> in) {
    return in.get(0).shape();
  }

  @Override
  public Shape attention(Op.Attention op, List<Node> in) {
    return attended(in);
  }

  @Override
  public Shape causalAttention(Op.CausalAttention op, List<Node> in) {
    Shape x = attended(in);
    check(x.dim(2).equals(in.get(1).shape().dim(2)), "q and k must agree in N", in);
    check(
        in.size() < 4
            || (in.get(3).kind() == Kind.INT && in.get(3).shape().equals(Shape.batched(x.size(2)))),
        "the mask must be (B, N), integers",
        in);
    return x;
  }

  @Override
  public Shape reluLinearAttention(Op.ReluLinearAttention op, List<Node> in) {
    return attended(in);
  }

  private static Shape attended(List<Node> in) {
    Shape q = in.get(0).shape();
    Shape k = in.get(1).shape();
    Shape v = in.get(2).shape();
    check(q.rank() == 4 && k.rank() == 4 && v.rank() == 4, "q, k, v must be (B, heads, N, d)", in);
    check(
        q.dim(1).equals(k.dim(1)) && q.dim(3).equals(k.dim(3)),
        "q and k must agree in heads and d",
        in);
    check(
        k.dim(2).equals(v.dim(2)) && k.dim(1).equals(v.dim(1)),
        "k and v must agree in heads and N",
        in);
    return q.with(3, v.dim(3));
  }

  @Override
  public Shape pointwise(Op.Pointwise op, List<Node> in) {
    return in.get(0).shape();
  }

  @Override
  public Shape add(Op.Add op, List<Node> in) {
    return broadcast(in);
  }

  @Override
  public Shape addScalar(Op.AddScalar op, List<Node> in) {
    return in.get(0).shape();
  }

  @Override
  public Shape mulScalar(Op.MulScalar op, List<Node> in) {
    return in.get(0).shape();
  }

  @Override
  public Shape divScalar(Op.DivScalar op, List<Node> in) {
    return in.get(0).shape();
  }

  @Override
  public Shape clamp(Op.Clamp op, List<Node> in) {
    check(op.least() <= op.most(), "least must not be above most", in);
    return in.get(0).shape();
  }

  @Override
  public Shape addMul(Op.AddMul op, List<Node> in) {
    return broadcast(in);
  }

  @Override
  public Shape softmax(Op.Softmax op, List<Node> in) {
    check(in.get(0).shape().rank() >= 1, "x must have an axis", in);
    return in.get(0).shape();
  }

  @Override
  public Shape mean(Op.Mean op, List<Node> in) {
    Shape shape = in.get(0).shape();
    for (int axis : op.axes()) {
      check(!shape.dim(axis).batch(), "samples cannot be averaged", in);
      shape = shape.with(axis, Dim.of(1));
    }
    return shape;
  }

  @Override
  public Shape reshape(Op.Reshape op, List<Node> in) {
    Shape x = in.get(0).shape();
    check(
        x.elements() == op.shape().elements() && x.isBatched() == op.shape().isBatched(),
        "the number of elements must stay, new shape " + op.shape(),
        in);
    return op.shape();
  }

  @Override
  public Shape pad(Op.Pad op, List<Node> in) {
    Shape x = in.get(0).shape();
    check(x.rank() == 4 && x.dim(0).equals(Dim.BATCH), "x must be (B, C, H, W)", in);
    check(
        op.left() >= 0 && op.right() >= 0 && op.top() >= 0 && op.bottom() >= 0,
        "padding must not be negative",
        in);
    return Shape.batched(
        x.size(1), x.size(2) + op.top() + op.bottom(), x.size(3) + op.left() + op.right());
  }

  @Override
  public Shape upsampleNearest(Op.UpsampleNearest op, List<Node> in) {
    Shape x = in.get(0).shape();
    check(x.rank() == 4 && x.dim(0).equals(Dim.BATCH), "x must be (B, C, H, W)", in);
    check(op.factor() > 0, "the factor must be positive", in);
    return Shape.batched(
        x.size(1),
        Math.multiplyExact(x.size(2), (long) op.factor()),
        Math.multiplyExact(x.size(3), (long) op.factor()));
  }

  @Override
  public Shape permute(Op.Permute op, List<Node> in) {
    Shape x = in.get(0).shape();
    check(
        op.axes().size() == x.rank() && new HashSet<>(op.axes()).size() == x.rank(),
        "axes " + op.axes() + " must name every axis once",
        in);
    return new Shape(op.axes().stream().map(x::dim).toList());
  }

  @Override
  public Shape slice(Op.Slice op, List<Node> in) {
    Shape x = in.get(0).shape();
    Dim dim = x.dim(op.axis());
    check(
        !dim.batch() && 0 <= op.from() && op.from() < op.to() && op.to() <= dim.size(),
        "range " + op + " must lie in the axis",
        in);
    return x.with(op.axis(), Dim.of(op.to() - op.from()));
  }

  @Override
  public Shape concat(Op.Concat op, List<Node> in) {
    Shape first = in.get(0).shape();
    long total = 0;
    for (Node node : in) {
      Shape shape = node.shape();
      check(!shape.dim(op.axis()).batch(), "samples cannot be concatenated", in);
      check(
          shape.with(op.axis(), first.dim(op.axis())).equals(first),
          "all axes but one must agree",
          in);
      total += shape.size(op.axis());
    }
    return first.with(op.axis(), Dim.of(total));
  }

  @Override
  public Shape embedding(Op.Embedding op, List<Node> in) {
    Node ids = in.get(0);
    Shape table = in.get(1).shape();
    check(ids.kind() == Kind.INT, "ids must be integers", in);
    check(table.rank() == 2, "the table must be (rows, D)", in);
    List<Dim> dims = new ArrayList<>(ids.shape().dims());
    dims.add(table.dim(1));
    return new Shape(dims);
  }

  @Override
  public Shape selectToken(Op.SelectToken op, List<Node> in) {
    Shape x = in.get(0).shape();
    Node ids = in.get(1);
    check(x.rank() == 3 && x.dim(0).equals(Dim.BATCH), "x must be (B, N, D)", in);
    check(
        ids.kind() == Kind.INT && ids.shape().equals(Shape.batched(x.size(1))),
        "ids must be (B, N), integers",
        in);
    return Shape.batched(x.size(2));
  }

  @Override
  public Shape timestepEmbedding(Op.TimestepEmbedding op, List<Node> in) {
    check(in.get(0).shape().equals(Shape.batched()), "t must be (B)", in);
    check(op.width() % 2 == 0, "the width must be even", in);
    return Shape.batched(op.width());
  }

  /**
   * The common shape of all inputs when axes are aligned at the end and axes of size 1 are
   * stretched.
   */
  private static Shape broadcast(List<Node> in) {
    int rank = in.stream().mapToInt(n -> n.shape().rank()).max().orElseThrow();
    List<Dim> dims = new ArrayList<>();
    for (int i = -rank; i < 0; i++) {
      Dim common = Dim.of(1);
      for (Node node : in) {
        Shape shape = node.shape();
        Dim dim = -i <= shape.rank() ? shape.dim(i) : Dim.of(1);
        if (!dim.equals(Dim.of(1))) {
          check(common.equals(Dim.of(1)) || common.equals(dim), "shapes do not broadcast", in);
          common = dim;
        }
      }
      dims.add(common);
    }
    return new Shape(dims);
  }

  private static void bias(List<Node> in, Shape expected) {
    check(in.size() < 3 || in.get(2).shape().equals(expected), "bias must be " + expected, in);
  }

  private static void check(boolean holds, String rule, List<Node> in) {
    if (!holds) {
      throw new IllegalArgumentException(
          rule + "; got " + in.stream().map(n -> n.shape().toString()).toList());
    }
  }
}
