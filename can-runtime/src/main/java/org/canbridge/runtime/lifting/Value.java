package org.canbridge.runtime.lifting;

import java.util.List;
import org.canbridge.tensors.TensorData;

/** What stands for a value of the ONNX graph while it is read. */
sealed interface Value permits Numbers, Value.Weight, Value.Tensor, Value.Pending, Value.Unknown {

  /**
   * An initializer that is no node yet: who uses it says what it is.
   *
   * @param data in the orientation that the graph sees
   */
  record Weight(String name, TensorData data) implements Value {}

  /** A value that depends on the inputs, or a parameter. */
  record Tensor(View view) implements Value {}

  /** A value that nothing can be made of because an operation before it was refused. */
  record Unknown() implements Value {}

  /** Part of a pattern: what it is shows only when the rest of it comes. */
  sealed interface Pending extends Value {}

  /** {@code factor * f(x)}, where a product with x makes it an activation. */
  record Gate(View x, Kind kind, double factor) implements Pending {
    /** The functions. */
    enum Kind {
      /** {@code erf(x / sqrt(2))}. */
      ERF,
      /** {@code 1 + erf(x / sqrt(2))}. */
      ONE_AND_ERF,
      /** {@code x (1 + erf(x / sqrt(2)))}. */
      GATED_ERF,
      /** {@code 1 / (1 + exp(-x))}. */
      SIGMOID,
      /** {@code 1 / (1 + exp(-1.702 x))}. */
      QUICK_SIGMOID
    }
  }

  /** {@code sqrt(x)}, or one over it. */
  record Root(View x, boolean inverse) implements Pending {}

  /** Products {@code scale q k^T}, and what a softmax makes of them. */
  record Scores(View q, View k, double scale, boolean normalised) implements Pending {}

  /** Timesteps {@code (B)} times frequencies; then their sines or cosines, or both. */
  record Angles(View t, List<Double> frequencies, Part part) implements Pending {
    /** What was made of them. */
    enum Part {
      NONE,
      SINES,
      COSINES
    }

    Angles with(Part other) {
      return new Angles(t, frequencies, other);
    }
  }
}
