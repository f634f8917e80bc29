package org.canbridge.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class KernelDistanceTest {

  /** D = 2; kernels by hand: 1 of rows at right angles, (x y / 2 + 1)^3 of the others. */
  @Test
  void isTheUnbiasedEstimate() {
    List<float[]> a = List.of(new float[] {2, 0}, new float[] {0, 2});
    List<float[]> b = List.of(new float[] {2, 0}, new float[] {4, 0});
    // Within a: k = 1. Within b: (4 + 1)^3 = 125. Between: 27, 125, 1, 1.
    assertEquals(1 + 125 - 2 * (27 + 125 + 1 + 1) / 4.0, KernelDistance.between(a, b), 1e-12);
  }
}
