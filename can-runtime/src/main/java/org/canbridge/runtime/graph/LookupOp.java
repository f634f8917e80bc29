package org.canbridge.runtime.graph;

import static org.canbridge.runtime.graph.ShapeRules.check;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** What a number stands for: a row of a table, a token, the sinusoid of a timestep. */
public sealed interface LookupOp extends Op {

  /** Rows of a table: ids {@code (...)} of kind INT, table {@code (rows, D)}. */
  record Embedding() implements LookupOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.embedding(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      Node ids = in.get(0);
      Shape table = in.get(1).shape();
      check(ids.kind() == Kind.INT, "ids must be integers", in);
      check(table.rank() == 2, "the table must be (rows, D)", in);
      List<Dim> dims = new ArrayList<>(ids.shape().dims());
      dims.add(table.dim(1));
      return new Shape(dims);
    }
  }

  /**
   * One token of each sample: x {@code (B, N, D)}, ids {@code (B, N)} of kind INT, to {@code (B,
   * D)}. It is the first that holds {@code id}, or the very first where none does; without {@code
   * id} the first that holds the sample's largest id.
   */
  record SelectToken(OptionalLong id) implements LookupOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.selectToken(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      Shape x = in.get(0).shape();
      Node ids = in.get(1);
      check(x.rank() == 3 && x.dim(0).equals(Dim.BATCH), "x must be (B, N, D)", in);
      check(
          ids.kind() == Kind.INT && ids.shape().equals(Shape.batched(x.size(1))),
          "ids must be (B, N), integers",
          in);
      return Shape.batched(x.size(2));
    }
  }

  /**
   * The sinusoid of a timestep: t {@code (B)} to {@code (B, width)}, cosines first, frequencies
   * {@code exp(-ln(maxPeriod) * i / (width/2 - shift))}. Always computed in float32, in the order
   * of operations of the reference: at t = 999 one rounding more in a frequency moves the result by
   * 2e-5.
   */
  record TimestepEmbedding(int width, double maxPeriod, double shift) implements LookupOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.timestepEmbedding(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      check(in.get(0).shape().equals(Shape.batched()), "t must be (B)", in);
      check(width % 2 == 0, "the width must be even", in);
      return Shape.batched(width);
    }
  }
}
