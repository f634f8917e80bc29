package org.canbridge.runtime.engine.kernels;

import java.util.Locale;

/**
 * A network needs a kernel that is wrong on this machine and that nothing can take the place of.
 */
public final class KernelException extends RuntimeException {
  private static final long serialVersionUID = 1;

  KernelException(Measurement wrong) {
    super(
        String.format(
            Locale.ROOT,
            "the library computes '%s' wrongly in %s on this machine, and nothing can take its"
                + " place\n  expected: within %.0e of float64\n  actual: output %.1e, gradients"
                + " %.1e\n  next: canbridge doctor shows what was measured; take another"
                + " --precision or another machine",
            wrong.kernel().label(),
            wrong.typeName(),
            Measurement.limit(wrong.type()),
            wrong.output(),
            wrong.gradients()));
  }
}
