package org.canbridge.runtime.engine;

import org.canbridge.runtime.engine.kernels.Kernels;

/**
 * How programs compute.
 *
 * @param target where, and in which numbers
 * @param kernels that they may ask the library for
 */
public record Arithmetic(Target target, Kernels kernels) {
  /** With the kernels that are right there. */
  static Arithmetic here(Target target) {
    return new Arithmetic(target, MachineKernels.of(target));
  }

  Precision precision() {
    return target.precision();
  }

  TorchDevice device() {
    return target.place();
  }
}
