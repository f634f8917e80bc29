package org.canbridge.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.TreeMap;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.junit.jupiter.api.Test;

class SameFunctionTest {
  private static final TensorData FIRST = tensor(1, -1);

  private static TensorData tensor(float... values) {
    return MemoryTensor.of(values, values.length);
  }

  @Test
  void equalOutputsAreTheSame() {
    SameFunction check = SameFunction.of(Map.of("output", FIRST), Map.of("output", FIRST));

    assertEquals(new SameFunction("output", 0, 0, 1), check);
    assertTrue(check.holds());
  }

  @Test
  void aDifferenceIsMeasuredInDeviationsOfTheOutput() {
    SameFunction check =
        SameFunction.of(Map.of("output", FIRST), Map.of("output", tensor(1, -0.999f)));

    assertFalse(check.holds());
    assertEquals(1e-3, check.share(), 1e-6);
    assertEquals(1e-3 / Math.sqrt(2), check.rootMeanSquare(), 1e-6);
  }

  @Test
  void theWorstOutputCounts() {
    Map<String, TensorData> before = new TreeMap<>(Map.of("a", FIRST, "b", FIRST, "c", FIRST));

    assertEquals(
        "b",
        SameFunction.of(before, Map.of("a", FIRST, "b", tensor(1, -0.9f), "c", FIRST)).output());
  }

  @Test
  void whatIsNotFiniteIsWorseThanAllThatFollows() {
    Map<String, TensorData> before = new TreeMap<>(Map.of("a", FIRST, "b", FIRST));

    SameFunction check =
        SameFunction.of(before, Map.of("a", tensor(Float.NaN, -1), "b", tensor(1, -0.9f)));

    assertEquals("a", check.output());
    assertEquals(Double.NaN, check.largest());
    assertFalse(check.holds());
  }
}
