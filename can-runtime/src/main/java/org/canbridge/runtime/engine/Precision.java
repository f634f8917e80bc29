package org.canbridge.runtime.engine;

/** The arithmetic of a forward pass. Inputs and outputs are float32 in both. */
public enum Precision {
  /** float32 throughout. */
  F32,
  /** Weights and activations bfloat16; the timestep sinusoid stays float32. */
  BF16
}
