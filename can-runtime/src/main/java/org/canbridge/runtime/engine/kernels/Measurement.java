package org.canbridge.runtime.engine.kernels;

import java.util.Locale;
import org.canbridge.tensors.DType;

/**
 * How far the library's results are from float64, relative to the largest value of a tensor; NaN
 * where a result is none.
 *
 * @param kernel what was measured
 * @param type of the arithmetic, float32 or bfloat16
 * @param output largest error of the results
 * @param gradients largest error of the gradients; 0 for what is never differentiated
 * @param present whether the library has the kernel on this machine at all
 */
public record Measurement(
    Kernel kernel, DType type, double output, double gradients, boolean present) {
  /** Rounding gives 1e-6, kernels that are wrong 0.1 and more. */
  private static final double F32_LIMIT = 1e-5;

  /** Rounding gives 1e-2. */
  private static final double BF16_LIMIT = 3e-2;

  /** Up to which error a kernel of this arithmetic is right. */
  public static double limit(DType type) {
    return type == DType.BF16 ? BF16_LIMIT : F32_LIMIT;
  }

  /** What was measured, e.g. {@code attention f32}. */
  public String name() {
    return kernel.label() + " " + typeName();
  }

  /** Its arithmetic, e.g. {@code f32}. */
  public String typeName() {
    return type.name().toLowerCase(Locale.ROOT);
  }

  /** Whether results and gradients are right. */
  public boolean isRight() {
    return isOutputRight() && gradients <= limit(type);
  }

  /** Whether the kernel is ever differentiated. */
  public boolean isDifferentiated() {
    return kernel != Kernel.PACKED_LINEAR && kernel != Kernel.ADAMW;
  }

  /** What the numbers say: right, wrong or absent. */
  public String verdict() {
    return present ? isRight() ? "right" : "wrong" : "absent";
  }

  /** Whether results are right. */
  public boolean isOutputRight() {
    return present && output <= limit(type);
  }
}
