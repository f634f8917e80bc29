package org.canbridge.runtime.engine;

import java.util.Map;
import org.canbridge.runtime.engine.kernels.ConvolutionForm;
import org.canbridge.runtime.engine.kernels.Kernel;
import org.canbridge.runtime.engine.kernels.Kernels;

/** The kernels that are right on this machine. */
final class MachineKernels {
  private MachineKernels() {}

  static Kernels of(Precision precision) {
    return precision == Precision.BF16
        ? new Kernels(
            Map.of(Kernel.PARTIAL_CONVOLUTION, ConvolutionForm.WIDE), PackedLinears.areSupported())
        : Kernels.PLAIN;
  }
}
