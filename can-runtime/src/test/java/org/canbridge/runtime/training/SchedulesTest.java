package org.canbridge.runtime.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.canbridge.runtime.engine.AdamW;
import org.junit.jupiter.api.Test;

/** What changes over a run: learning rate, decay of the average; and when a run is given up. */
class SchedulesTest {

  @Test
  void theRateRisesAndStays() {
    LearningRate rate = new LearningRate(1e-3, 4, 0);
    assertEquals(0.25e-3, rate.at(0), 1e-18);
    assertEquals(1e-3, rate.at(3), 1e-18);
    assertEquals(1e-3, rate.at(1_000_000), 1e-18);
    assertEquals(1e-3, new LearningRate(1e-3, 0, 0).at(0), 1e-18);
  }

  @Test
  void theRateFallsAlongHalfACosine() {
    LearningRate rate = new LearningRate(2, 10, 110);
    assertEquals(2, rate.at(10), 1e-12);
    assertEquals(1, rate.at(60), 1e-12);
    assertEquals(2 * 0.5 * (1 + Math.sqrt(0.5)), rate.at(35), 1e-12);
    assertEquals(0, rate.at(110), 1e-12);
    assertEquals(0, rate.at(111), 1e-12);
  }

  @Test
  void ratesThatMakeNoSenseAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new LearningRate(0, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new LearningRate(Double.NaN, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new LearningRate(1, 10, 10));
  }

  @Test
  void theAverageForgetsItsStart() {
    Ema ema = new Ema(0.99, Ema.USUAL);
    assertEquals(0.1, ema.at(0), 1e-15);
    assertEquals(101 / 110.0, ema.at(100), 1e-15);
    assertEquals(0.99, ema.at(10_000), 1e-15);
    assertEquals(0.99, new Ema(0.99, 0).at(0), 1e-15);
    assertEquals(0.25, new Ema(0.99, Ema.FINE_TUNING).at(0), 1e-15);
    assertThrows(IllegalArgumentException.class, () -> new Ema(1, Ema.USUAL));
    assertThrows(IllegalArgumentException.class, () -> new Ema(0.5, 1));
  }

  @Test
  void gradientsAreScaledDownOnly() {
    AdamW clipped = new AdamW(0.9, 0.999, 1e-8, 0, 2);
    assertEquals(1, clipped.divisor(1.9));
    assertEquals(5, clipped.divisor(10), 1e-6);
    assertEquals(1, new AdamW(0.9, 0.999, 1e-8, 0, 0).divisor(1e9));
  }

  @Test
  void aGrowingLossIsNoticed() {
    Divergence divergence = new Divergence();
    for (int i = 0; i < 500; i++) {
      // Single steps of a sound run differ tenfold, since each sees few noise levels.
      assertFalse(divergence.after(i % 10 == 0 ? 1 : 0.1));
    }
    int steps = 0;
    while (!divergence.after(5)) {
      steps++;
      assertTrue(steps < 100);
    }
    assertTrue(steps > 3, "one bad step is not enough");
  }
}
