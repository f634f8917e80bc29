package org.canbridge.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeldOutTest {

  /** 40 losses of 0 and 1 by turns, the levels running through all tenths. */
  private static HeldOut of(double last) {
    double[] losses = new double[40];
    double[] levels = new double[40];
    Arrays.setAll(losses, i -> i == 39 ? last : i % 2);
    Arrays.setAll(levels, i -> i % 10 / 10.0);
    return HeldOut.of(losses, levels);
  }

  @Test
  void meansByLevelAndByBlock() {
    HeldOut heldOut = of(1);
    assertEquals(0.5, heldOut.mean());
    assertEquals(List.of(0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0), heldOut.levels());
    assertEquals(20, heldOut.blocks().size());
    assertEquals(0.5, heldOut.blocks().get(19));
  }

  @Test
  void aDifferenceIsAsUncertainAsItsBlocks() {
    Spread difference = of(3).less(of(1));
    assertEquals(0.05, difference.mean(), 1e-12);
    // One block of twenty differs, by 1: deviation sqrt(1/20), by sqrt(20) for the error.
    assertEquals(0.05, difference.deviation(), 1e-12);
    assertEquals(0, of(1).less(of(1)).deviation());
  }
}
