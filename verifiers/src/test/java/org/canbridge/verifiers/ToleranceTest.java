package org.canbridge.verifiers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.canbridge.tensors.DType;
import org.junit.jupiter.api.Test;

final class ToleranceTest {

  @Test
  void float32IsWhatTheProjectPromises() {
    assertEquals(1e-4, Tolerance.of(DType.F32).rtol());
    assertEquals(1e-5, Tolerance.of(DType.F32).atol());
  }

  @Test
  void lessPrecisionNeverMeansLessTolerance() {
    DType[] falling = {DType.F64, DType.F32, DType.F16, DType.BF16, DType.F8_E4M3, DType.F8_E5M2};
    for (int i = 1; i < falling.length; i++) {
      Tolerance finer = Tolerance.of(falling[i - 1]);
      Tolerance coarser = Tolerance.of(falling[i]);
      assertTrue(coarser.rtol() > finer.rtol(), falling[i].name());
      assertTrue(coarser.atol() >= finer.atol(), falling[i].name());
    }
  }

  @Test
  void coarsestTypeDecides() {
    assertEquals(Tolerance.of(DType.BF16), Tolerance.coarsest(DType.F64, DType.BF16, DType.F32));
  }

  @Test
  void overrideNeedsAReasonAndProperNumbers() {
    assertEquals(
        "a tolerance needs a reason",
        assertThrows(IllegalArgumentException.class, () -> new Tolerance(0, 0, " ")).getMessage());
    assertEquals(
        "rtol must be finite and not negative, not NaN",
        assertThrows(IllegalArgumentException.class, () -> new Tolerance(Double.NaN, 0, "why"))
            .getMessage());
    assertEquals(
        "atol must be finite and not negative, not -1.0",
        assertThrows(IllegalArgumentException.class, () -> new Tolerance(0, -1, "why"))
            .getMessage());
    assertEquals(
        "rtol must be finite and not negative, not Infinity",
        assertThrows(
                IllegalArgumentException.class,
                () -> new Tolerance(Double.POSITIVE_INFINITY, 0, "why"))
            .getMessage());
  }
}
