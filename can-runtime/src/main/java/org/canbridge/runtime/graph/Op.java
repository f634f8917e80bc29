package org.canbridge.runtime.graph;

import java.util.List;

/**
 * An operation of the graph. Inputs are positional and described with each record; optional ones
 * come last and may be left out. A record knows the shape and the cost of what it gives; what it
 * becomes in another language is the business of that language's {@link OpVisitor}, and one that
 * forgot an operation does not compile.
 */
public sealed interface Op
    permits Op.Input,
        Op.Parameter,
        LinearOp,
        AttentionOp,
        ReductionOp,
        ElementwiseOp,
        LayoutOp,
        LookupOp {

  /** Calls the visitor's method for this operation. */
  <R> R accept(OpVisitor<R> visitor, List<Node> in);

  /**
   * The shape of the value.
   *
   * @throws IllegalArgumentException if the inputs do not fit, saying which rule they break
   */
  Shape shape(List<Node> in);

  /** What the elements of the value are. */
  default Kind kind(List<Node> in) {
    return Kind.FLOAT;
  }

  /**
   * Multiply-accumulate operations for one sample. Counted are linear layers, convolutions and the
   * matrix products of attention, as in the published figures (DiT-XL/2 at 256: 118.6G, arXiv
   * 2212.09748); norms and element-wise work are not.
   */
  default long cost(List<Node> in) {
    return 0;
  }

  /** A named argument of the network. */
  record Input(String name, Shape shape, Kind kind) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.input(this);
    }

    @Override
    public Shape shape(List<Node> in) {
      return shape;
    }

    @Override
    public Kind kind(List<Node> in) {
      return kind;
    }
  }

  /** A named tensor of the state dict. */
  record Parameter(String name, Shape shape, Initializer initializer) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.parameter(this);
    }

    @Override
    public Shape shape(List<Node> in) {
      return shape;
    }
  }
}
