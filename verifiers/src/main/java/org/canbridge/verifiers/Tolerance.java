package org.canbridge.verifiers;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;
import org.apiguardian.api.API;
import org.canbridge.tensors.DType;

/**
 * How far a value may be from its reference: {@code |actual - expected| <= atol + rtol *
 * |expected|}. The whole table by element type is {@link #of(DType)}; anything else is an override
 * and says why.
 *
 * @param rtol relative part
 * @param atol absolute part, in the tensor's own unit
 * @param why where the numbers come from: a row of the table, or the reason of the override
 */
@API(status = API.Status.STABLE)
public record Tolerance(double rtol, double atol, String why) {

  /** Checks that both parts are finite and not negative, and that there is a reason. */
  public Tolerance {
    if (!(rtol >= 0 && rtol < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("rtol must be finite and not negative, not " + rtol);
    }
    if (!(atol >= 0 && atol < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("atol must be finite and not negative, not " + atol);
    }
    if (Objects.requireNonNull(why).isBlank()) {
      throw new IllegalArgumentException("a tolerance needs a reason");
    }
  }

  /**
   * The tolerance of a network computed in {@code arithmetic}, with activations around 1.
   *
   * <p>float32 allows several times what another order of summation gives (1e-6 to 2e-5 of the
   * output's standard deviation, EfficientViT 5e-5). A half-precision network rounds every
   * activation, so its errors stand in proportion to the activations' scale, not to the single
   * value: the absolute part carries them. Measured on the bundled DiTs, the tensor that comes
   * nearest to its limit needs 0.21 of the tolerance in float32 and 0.63 in bfloat16. The float16
   * row is a fifth of bfloat16's, for three more bits; it and the others were not measured on a
   * network. Integers and booleans must be equal.
   */
  public static Tolerance of(DType arithmetic) {
    return switch (arithmetic) {
      case F64 -> new Tolerance(1e-9, 1e-10, "float64 default");
      case F32 -> new Tolerance(1e-4, 1e-5, "float32 default");
      case F16 -> new Tolerance(1e-2, 2e-2, "float16 default");
      case BF16 -> new Tolerance(5e-2, 1e-1, "bfloat16 default");
      case F8_E4M3 -> new Tolerance(0.25, 0.25, "float8 default");
      case F8_E5M2 -> new Tolerance(0.5, 0.5, "float8 default");
      case I64, I32, I16, I8, U64, U32, U16, U8 -> new Tolerance(0, 0, "integers are exact");
      case BOOL -> new Tolerance(0, 0, "booleans are exact");
    };
  }

  /** Whether it is a row of the table, not an override. */
  public boolean isDefault() {
    return Arrays.stream(DType.values()).map(Tolerance::of).anyMatch(this::equals);
  }

  /** The row of the least precise of these types. */
  static Tolerance coarsest(DType... types) {
    return Arrays.stream(types)
        .map(Tolerance::of)
        .max(Comparator.comparingDouble(Tolerance::rtol))
        .orElseThrow();
  }

  /** The largest difference that passes at this reference value. */
  double bound(double expected) {
    return atol + rtol * Math.abs(expected);
  }
}
