package org.canbridge.runtime.engine;

import org.apiguardian.api.API;
import org.canbridge.runtime.engine.torchscript.ScalarType;
import org.canbridge.tensors.DType;

/** The arithmetic of a forward pass. */
@API(status = API.Status.STABLE)
public enum Precision {
  /** float32 throughout, inputs and outputs too. */
  F32,
  /**
   * Weights and activations bfloat16; the timestep sinusoid stays float32, and so do inputs and
   * outputs.
   */
  BF16,
  /**
   * float64 throughout, inputs and outputs too, but for the timestep sinusoid, which is float32 by
   * definition: an oracle for the others.
   */
  F64;

  /** The type of weights and activations. */
  public DType type() {
    return switch (this) {
      case F32 -> DType.F32;
      case BF16 -> DType.BF16;
      case F64 -> DType.F64;
    };
  }

  /** The type of floating-point inputs and outputs, and of weights before they are prepared. */
  DType border() {
    return this == F64 ? DType.F64 : DType.F32;
  }

  /** The type in which programs compute. */
  ScalarType scalarType() {
    return switch (this) {
      case F32 -> ScalarType.FLOAT32;
      case BF16 -> ScalarType.BFLOAT16;
      case F64 -> ScalarType.FLOAT64;
    };
  }
}
