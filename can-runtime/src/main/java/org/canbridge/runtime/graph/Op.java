package org.canbridge.runtime.graph;

import java.util.List;
import java.util.OptionalLong;

/**
 * An operation of the graph. Inputs are positional and described with each record; optional ones
 * come last and may be left out. Every interpreter implements {@link OpVisitor}, so one that forgot
 * an operation does not compile.
 */
public sealed interface Op {

  /** Calls the visitor's method for this operation. */
  <R> R accept(OpVisitor<R> visitor, List<Node> in);

  /** A named argument of the network. */
  record Input(String name, Shape shape, Kind kind) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.input(this);
    }
  }

  /** A named tensor of the state dict. */
  record Parameter(String name, Shape shape) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.parameter(this);
    }
  }

  /** {@code x W^T + b}: x {@code (..., K)}, W {@code (M, K)}, optional b {@code (M)}. */
  record Linear() implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.linear(this, in);
    }
  }

  /**
   * Linear map with one weight for each sample: x {@code (B, N, K)}, W {@code (B, M, K)}, optional
   * b {@code (B, M)}.
   */
  record SampleLinear() implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.sampleLinear(this, in);
    }
  }

  /**
   * Convolution: x {@code (B, C, H, W)}, weight {@code (O, C/groups, kh, kw)}, optional bias {@code
   * (O)}.
   */
  record Conv2d(int stride, int padding, int groups) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.conv2d(this, in);
    }
  }

  /**
   * Convolution with one kernel for each sample: weight {@code (B, O, C/groups, kh, kw)}, optional
   * bias {@code (B, O)}.
   */
  record SampleConv2d(int stride, int padding, int groups) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.sampleConv2d(this, in);
    }
  }

  /** Normalisation over the last axis: x {@code (..., D)}, optional weight and bias {@code (D)}. */
  record LayerNorm(double eps) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.layerNorm(this, in);
    }
  }

  /**
   * Batch normalisation with stored statistics (inference): x {@code (B, C, H, W)}, weight, bias,
   * mean and variance {@code (C)} each.
   */
  record BatchNorm(double eps) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.batchNorm(this, in);
    }
  }

  /**
   * Normalisation over groups of neighbouring channels: x {@code (B, C, ...)}, weight and bias
   * {@code (C)}. Source: Wu and He, ECCV 2018 (arXiv 1803.08494).
   */
  record GroupNorm(int groups, double eps) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.groupNorm(this, in);
    }
  }

  /** {@code x / |x|}, Euclidean length over the last axis. */
  record L2Normalize() implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.l2Normalize(this, in);
    }
  }

  /** Scaled dot-product attention, scale {@code 1/sqrt(d)}: q, k, v {@code (B, heads, N, d)}. */
  record Attention() implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.attention(this, in);
    }
  }

  /**
   * Scaled dot-product attention in which token n sees tokens 0 to n only: q, k, v {@code (B,
   * heads, N, d)}, optional mask {@code (B, N)} of kind INT, zero where a token (padding) may not
   * be seen by others. A token that sees none at all takes the mean of all, as in transformers.
   */
  record CausalAttention() implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.causalAttention(this, in);
    }
  }

  /**
   * ReLU linear attention, {@code Q (K^T V) / (Q (K^T 1) + eps)} with {@code Q = relu(q)} and
   * {@code K = relu(k)}: q, k, v {@code (B, heads, N, d)}, every matrix product linear in N. Always
   * computed in float32: the quotient of two small sums has no meaning in half precision, and the
   * published eps 1e-15 is zero there. Source: Cai et al., EfficientViT, ICCV 2023 (arXiv
   * 2205.14756), section 3.1.
   */
  record ReluLinearAttention(double eps) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.reluLinearAttention(this, in);
    }
  }

  /** An element-wise function of one value. */
  record Pointwise(Function function) implements Op {
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
  record Add() implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.add(this, in);
    }
  }

  /** {@code x + constant}. */
  record AddScalar(double constant) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.addScalar(this, in);
    }
  }

  /** {@code x * constant}. */
  record MulScalar(double constant) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.mulScalar(this, in);
    }
  }

  /**
   * {@code x / constant}, where a reference divides: multiplying by the reciprocal rounds twice,
   * which TAESD's layers make 1.2e-5.
   */
  record DivScalar(double constant) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.divScalar(this, in);
    }
  }

  /** {@code min(max(x, least), most)}. */
  record Clamp(double least, double most) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.clamp(this, in);
    }
  }

  /**
   * {@code a + x * y} with the usual broadcasting: the shift, scale and gate of adaLN in one step.
   */
  record AddMul() implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.addMul(this, in);
    }
  }

  /** {@code exp(x_i) / sum_j exp(x_j)} over the last axis. */
  record Softmax() implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.softmax(this, in);
    }
  }

  /** The mean over some axes, which stay with size 1. */
  record Mean(List<Integer> axes) implements Op {
    /** Keeps its own copy. */
    public Mean {
      axes = List.copyOf(axes);
    }

    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.mean(this, in);
    }
  }

  /** The same elements in row-major order under another shape. */
  record Reshape(Shape shape) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.reshape(this, in);
    }
  }

  /** Zeros around a map: x {@code (B, C, H, W)}. */
  record Pad(int left, int right, int top, int bottom) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.pad(this, in);
    }
  }

  /** Every pixel {@code factor} times in both directions: x {@code (B, C, H, W)}. */
  record UpsampleNearest(int factor) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.upsampleNearest(this, in);
    }
  }

  /** Axes in another order: axis {@code i} of the result is axis {@code axes[i]} of x. */
  record Permute(List<Integer> axes) implements Op {
    /** Keeps its own copy. */
    public Permute {
      axes = List.copyOf(axes);
    }

    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.permute(this, in);
    }
  }

  /** Positions {@code from .. to - 1} of an axis. */
  record Slice(int axis, long from, long to) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.slice(this, in);
    }
  }

  /** The inputs one after another along an axis. */
  record Concat(int axis) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.concat(this, in);
    }
  }

  /** Rows of a table: ids {@code (...)} of kind INT, table {@code (rows, D)}. */
  record Embedding() implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.embedding(this, in);
    }
  }

  /**
   * One token of each sample: x {@code (B, N, D)}, ids {@code (B, N)} of kind INT, to {@code (B,
   * D)}. It is the first that holds {@code id}, or the very first where none does; without {@code
   * id} the first that holds the sample's largest id.
   */
  record SelectToken(OptionalLong id) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.selectToken(this, in);
    }
  }

  /**
   * The sinusoid of a timestep: t {@code (B)} to {@code (B, width)}, cosines first, frequencies
   * {@code exp(-ln(maxPeriod) * i / (width/2 - shift))}. Always computed in float32, in the order
   * of operations of the reference: at t = 999 one rounding more in a frequency moves the result by
   * 2e-5.
   */
  record TimestepEmbedding(int width, double maxPeriod, double shift) implements Op {
    @Override
    public <R> R accept(OpVisitor<R> visitor, List<Node> in) {
      return visitor.timestepEmbedding(this, in);
    }
  }
}
