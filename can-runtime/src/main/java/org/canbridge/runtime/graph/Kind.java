package org.canbridge.runtime.graph;

/**
 * What the elements of a value are; the floating-point width is the engine's choice ({@code
 * Precision}).
 */
public enum Kind {
  /** Floating point. */
  FLOAT,
  /** 64-bit integers: labels, token ids. */
  INT
}
