package org.canbridge.runtime.engine;

import org.canbridge.runtime.engine.kernels.Kernels;

/**
 * How programs compute.
 *
 * @param precision of their numbers
 * @param kernels that they may ask the library for
 */
public record Arithmetic(Precision precision, Kernels kernels) {
  /** With the kernels that are right on this machine. */
  static Arithmetic here(Precision precision) {
    return new Arithmetic(precision, MachineKernels.of(precision));
  }
}
