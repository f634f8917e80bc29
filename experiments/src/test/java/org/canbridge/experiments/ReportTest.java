package org.canbridge.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTest {
  private static final Eyes.Facts FACTS = new Eyes.Facts(60_000, 3, 10_000, 0.9028, 4.447);

  private static RunResult run(Row row, long seed, double rate, double heldOut) {
    return new RunResult(
        Start.SCRATCH,
        row,
        seed,
        rate,
        3000,
        32,
        60_000,
        1_877_408,
        62_463_488,
        0.07,
        new HeldOut(heldOut, List.of(heldOut, 2 * heldOut), List.of(heldOut, heldOut + 0.001)),
        List.of(
            new Drawn(1, 100 + seed, 0.002, 0.5, List.of()),
            new Drawn(2, 90, 0.001, 0.75, List.of())),
        70,
        List.of(0.05, 0.051, 0.04),
        17,
        List.of());
  }

  private static RunResult run(Row row, long seed, double heldOut) {
    return run(row, seed, Start.SCRATCH.learningRate(), heldOut);
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
                    run(Row.CAN, 1, 0.5, 0.9),
                    run(Row.SELECT, 1, 0.061)),
                FACTS)
            .markdown();
    assertTrue(text.contains("right on 90.3 % of 10,000 test images"), text);
    assertTrue(
        text.contains(
            "| adaLN only | 2 | 1.88M | 62.5M | 70.00 ± 0.00 | 61.00 ± 1.41 |  | +2.00 ± 0.00 |"
                + " 101.5 ± 0.7 | 2.0 ± 0.0 | 50.0 ± 0.0 | 90.0 ± 0.0 | 75.0 ± 0.0 |"),
        text);
    // Differences of equal seeds: -4 and -7; of one seed, the blocks' standard error.
    assertTrue(text.contains("| 55.50 ± 0.71 | -5.50 ± 2.12 |"), text);
    assertTrue(text.contains("| 61.00 | +1.00 ± 0.00 | +2.00 | 101.0 |"), text);
    assertTrue(text.contains("| adaLN only | 61.00 | 122.00 |"), text);
    assertTrue(text.contains("| CAN: dwconv, patch, out_proj | -5.50 | -11.00 |"), text);
  }

  @Test
  void aStartWithoutRunsHasNoTable() {
    String text = new Report(List.of(run(Row.ADALN, 1, 0.06)), FACTS).markdown();
    assertTrue(text.contains("From random weights: 3,000 steps of 32 of 60,000 images"), text);
    assertFalse(text.contains("bundled checkpoint"), text);
    assertEquals(2, text.lines().filter(l -> l.startsWith("| network")).count());
  }
}
