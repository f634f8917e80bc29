package org.canbridge.runtime.engine;

import org.canbridge.runtime.engine.kernels.Kernels;

/**
 * How programs compute.
 *
 * @param target where, and in which numbers
 * @param kernels that they may ask the library for
 */
public record Arithmetic(Target target, Kernels kernels) {
  /**
   * With the kernels that are right there.
   *
   * @throws IllegalArgumentException if the target is another engine's
   */
  static Arithmetic here(Target target) {
    if (target.engine() != EngineName.PYTORCH) {
      throw new IllegalArgumentException(target.engine() + " does not do this; take pytorch");
    }
    return new Arithmetic(target, MachineKernels.of(target));
  }

  Precision precision() {
    return target.precision();
  }

  TorchDevice device() {
    return target.place();
  }
}
