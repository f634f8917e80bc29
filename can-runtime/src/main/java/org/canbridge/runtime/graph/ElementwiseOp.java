package org.canbridge.runtime.graph;

import java.util.List;

/**
 * Element by element, with the usual broadcasting where there are several inputs: axes are aligned
 * at the end, those of size 1 are stretched.
 */
public sealed interface ElementwiseOp extends Op {

  @Override
  default Shape shape(List<Node> in) {
    return ShapeRules.broadcast(in);
  }

  /** An element-wise function of one value. */
  record Pointwise(Function function) implements ElementwiseOp {
    /** The functions. */
    public enum Function {
      SILU,
      /** {@code max(x, 0)}. */
      RELU,
      /** {@code x * min(max(x + 3, 0), 6) / 6}. */
      HARDSWISH,
      TANH,
      /** {@code e^x}. */
      EXP,
      /** The natural logarithm. */
      LOG,
      /** {@code x * x}. */
      SQUARE,
      /** {@code x * sigmoid(1.702 x)}, CLIP's approximation of GELU. */
      QUICK_GELU,
      /** Gaussian error linear unit, exact. */
      GELU_ERF,
      /** Gaussian error linear unit, tanh approximation. */
      GELU_TANH
    }

    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.pointwise(this, in);
    }
  }

  /** {@code a + b} with the usual broadcasting. */
  record Add() implements ElementwiseOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.add(this, in);
    }
  }

  /** {@code a - b}. */
  record Sub() implements ElementwiseOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.sub(this, in);
    }
  }

  /** {@code a * b}. */
  record Mul() implements ElementwiseOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.mul(this, in);
    }
  }

  /**
   * {@code a + x * y} with the usual broadcasting: the shift, scale and gate of adaLN in one step.
   */
  record AddMul() implements ElementwiseOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.addMul(this, in);
    }
  }

  /** {@code x + constant}. */
  record AddScalar(double constant) implements ElementwiseOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.addScalar(this, in);
    }
  }

  /** {@code x * constant}. */
  record MulScalar(double constant) implements ElementwiseOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.mulScalar(this, in);
    }
  }

  /**
   * {@code x / constant}, where a reference divides: multiplying by the reciprocal rounds twice,
   * which TAESD's layers make 1.2e-5.
   */
  record DivScalar(double constant) implements ElementwiseOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.divScalar(this, in);
    }
  }

  /** {@code min(max(x, least), most)}. */
  record Clamp(double least, double most) implements ElementwiseOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.clamp(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      ShapeRules.check(least <= most, "least must not be above most", in);
      return in.get(0).shape();
    }
  }

  /** 1 where {@code x < bound}, else 0; nothing is differentiated through it. */
  record Below(double bound) implements ElementwiseOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.below(this, in);
    }
  }

  /** {@code x}, through which nothing is differentiated. */
  record Detach() implements ElementwiseOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.detach(this, in);
    }
  }
}
