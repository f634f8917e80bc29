package org.canbridge.runtime.graph;

import static org.canbridge.runtime.graph.ShapeRules.check;

import java.util.HashSet;
import java.util.List;

/** The same elements elsewhere. */
public sealed interface LayoutOp extends Op {

  @Override
  default Kind kind(List<Node> in) {
    return in.get(0).kind();
  }

  /** The same elements in row-major order under another shape. */
  record Reshape(Shape shape) implements LayoutOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.reshape(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      Shape x = in.get(0).shape();
      check(
          x.elements() == shape.elements() && x.isBatched() == shape.isBatched(),
          "the number of elements must stay, new shape " + shape,
          in);
      return shape;
    }
  }

  /** Axes in another order: axis {@code i} of the result is axis {@code axes[i]} of x. */
  record Permute(List<Integer> axes) implements LayoutOp {
    /** Keeps its own copy. */
    public Permute {
      axes = List.copyOf(axes);
    }

    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.permute(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      Shape x = in.get(0).shape();
      check(
          axes.size() == x.rank() && new HashSet<>(axes).size() == x.rank(),
          "axes " + axes + " must name every axis once",
          in);
      return new Shape(axes.stream().map(x::dim).toList());
    }
  }

  /** Positions {@code from .. to - 1} of an axis. */
  record Slice(int axis, long from, long to) implements LayoutOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.slice(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      Shape x = in.get(0).shape();
      Dim dim = x.dim(axis);
      check(
          !dim.batch() && 0 <= from && from < to && to <= dim.size(),
          "range " + this + " must lie in the axis",
          in);
      return x.with(axis, Dim.of(to - from));
    }
  }

  /** The inputs one after another along an axis. */
  record Concat(int axis) implements LayoutOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.concat(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      Shape first = in.get(0).shape();
      long total = 0;
      for (Node node : in) {
        Shape shape = node.shape();
        check(!shape.dim(axis).batch(), "samples cannot be concatenated", in);
        check(shape.with(axis, first.dim(axis)).equals(first), "all axes but one must agree", in);
        total += shape.size(axis);
      }
      return first.with(axis, Dim.of(total));
    }
  }

  /** Zeros around a map: x {@code (B, C, H, W)}. */
  record Pad(int left, int right, int top, int bottom) implements LayoutOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.pad(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      Shape x = in.get(0).shape();
      check(x.rank() == 4 && x.dim(0).equals(Dim.BATCH), "x must be (B, C, H, W)", in);
      check(left >= 0 && right >= 0 && top >= 0 && bottom >= 0, "padding must not be negative", in);
      return Shape.batched(x.size(1), x.size(2) + top + bottom, x.size(3) + left + right);
    }
  }

  /** Every pixel {@code factor} times in both directions: x {@code (B, C, H, W)}. */
  record UpsampleNearest(int factor) implements LayoutOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.upsampleNearest(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      Shape x = in.get(0).shape();
      check(x.rank() == 4 && x.dim(0).equals(Dim.BATCH), "x must be (B, C, H, W)", in);
      check(factor > 0, "the factor must be positive", in);
      return Shape.batched(
          x.size(1),
          Math.multiplyExact(x.size(2), (long) factor),
          Math.multiplyExact(x.size(3), (long) factor));
    }
  }
}
