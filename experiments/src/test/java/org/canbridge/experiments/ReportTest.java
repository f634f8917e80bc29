package org.canbridge.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTest {
  private static final Eyes.Facts FACTS = new Eyes.Facts(60_000, 3, 10_000, 0.9028, 4.447);

  private static RunResult run(Row row, long seed, double heldOut) {
    return new RunResult(
        Start.SCRATCH,
        row,
        seed,
        700,
        16,
        1e-3,
        60_000,
        1_877_408,
        62_463_488,
        0.07,
        heldOut,
        100 + seed,
        0.5,
        70,
        10,
        17,
        List.of());
  }

  @Test
  void rowsHaveMeansAndDeviationsOverTheirSeeds() {
    String text =
        new Report(
                List.of(
                    run(Row.ADALN, 1, 0.060),
                    run(Row.CAN, 2, 0.055),
                    run(Row.ADALN, 2, 0.062),
                    run(Row.CAN, 1, 0.056),
                    run(Row.SELECT, 1, 0.061)),
                FACTS)
            .markdown();
    assertTrue(text.contains("right on 90.3 % of 10,000 test images"), text);
    assertTrue(
        text.contains(
            "| adaLN only | 2 | 1.88M | 62.5M | 70.00 ± 0.00 | 61.00 ± 1.41 |  | 101.5 ± 0.7 | 50.0"
                + " ± 0.0 |"),
        text);
    // Differences of equal seeds: -4 and -7.
    assertTrue(text.contains("| 55.50 ± 0.71 | -5.50 ± 2.12 |"), text);
    assertTrue(text.contains("| 61.00 | +1.00 | 101.0 |"), text);
  }

  @Test
  void aStartWithoutRunsHasNoTable() {
    String text = new Report(List.of(run(Row.ADALN, 1, 0.06)), FACTS).markdown();
    assertTrue(text.contains("From random weights: 700 steps of 16 of 60,000 images"), text);
    assertFalse(text.contains("bundled checkpoint"), text);
    assertEquals(1, text.lines().filter(l -> l.startsWith("| network")).count());
  }
}
