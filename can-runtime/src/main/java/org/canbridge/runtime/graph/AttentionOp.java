package org.canbridge.runtime.graph;

import static org.canbridge.runtime.graph.ShapeRules.check;

import java.util.List;

/** Kinds of attention over heads: q, k, v {@code (B, heads, N, d)}. */
public sealed interface AttentionOp extends Op {

  /** Scaled dot-product attention, scale {@code 1/sqrt(d)}: q, k, v {@code (B, heads, N, d)}. */
  record Attention() implements AttentionOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.attention(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      return attended(in);
    }

    @Override
    public long cost(List<Node> in) {
      return productsCost(in);
    }
  }

  /**
   * Scaled dot-product attention in which token n sees tokens 0 to n only: q, k, v {@code (B,
   * heads, N, d)}, optional mask {@code (B, N)} of kind INT, zero where a token (padding) may not
   * be seen by others. A token that sees none at all takes the mean of all, as in transformers.
   */
  record CausalAttention() implements AttentionOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.causalAttention(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      Shape x = attended(in);
      check(x.dim(2).equals(in.get(1).shape().dim(2)), "q and k must agree in N", in);
      check(
          in.size() < 4
              || (in.get(3).kind() == Kind.INT
                  && in.get(3).shape().equals(Shape.batched(x.size(2)))),
          "the mask must be (B, N), integers",
          in);
      return x;
    }

    /** Counted in full, as the published figures do: a mask saves no work in the usual kernels. */
    @Override
    public long cost(List<Node> in) {
      return productsCost(in);
    }
  }

  /**
   * ReLU linear attention, {@code Q (K^T V) / (Q (K^T 1) + eps)} with {@code Q = relu(q)} and
   * {@code K = relu(k)}: q, k, v {@code (B, heads, N, d)}, every matrix product linear in N. Always
   * computed in float32: the quotient of two small sums has no meaning in half precision, and the
   * published eps 1e-15 is zero there. Source: Cai et al., EfficientViT, ICCV 2023 (arXiv
   * 2205.14756), section 3.1.
   */
  record ReluLinearAttention(double eps) implements AttentionOp {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.reluLinearAttention(this, in);
    }

    @Override
    public Shape shape(List<Node> in) {
      return attended(in);
    }

    /** {@code K^T [V, 1]} and {@code Q} times that: the column of ones is the denominator. */
    @Override
    public long cost(List<Node> in) {
      Shape q = in.get(0).shape();
      Shape k = in.get(1).shape();
      long columns = in.get(2).shape().size(3) + 1;
      return Math.multiplyExact(k.elements() + q.elements(), columns);
    }
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

  /** The two matrix products. */
  private static long productsCost(List<Node> in) {
    Shape q = in.get(0).shape();
    Shape k = in.get(1).shape();
    Shape v = in.get(2).shape();
    return q.elements() * k.size(2) + q.size(1) * q.size(2) * k.size(2) * v.size(3);
  }
}
