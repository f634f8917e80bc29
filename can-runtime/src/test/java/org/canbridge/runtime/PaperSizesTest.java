package org.canbridge.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PaperSizesTest {

  static Stream<PaperSizes.Row> rows() {
    return PaperSizes.rows().stream();
  }

  @ParameterizedTest
  @MethodSource("rows")
  void everyNetworkIsOfThePrintedSize(PaperSizes.Row row) {
    assertTrue(
        row.inBand(),
        () -> row + " deviates by " + row.parametersDeviation() + " and " + row.macsDeviation());
  }

  @Test
  void conditionAwareNetworksAreWithinOnePercentOfTheirParameters() {
    List<PaperSizes.Row> can = rows().filter(row -> row.name().startsWith("CAN(")).toList();
    assertEquals(3, can.size());
    can.forEach(row -> assertEquals(0, row.parametersDeviation(), 0.01, row.name()));
  }

  @Test
  void deviationsOutOfTheBandAreSeen() {
    assertFalse(row(103, 100).inBand());
    assertFalse(row(100, 98).inBand());
    assertTrue(row(101, 99).inBand());
  }

  private static PaperSizes.Row row(long parameters, long macs) {
    return new PaperSizes.Row("4", "", 100, parameters, 100, macs, 0, true, 0.02, 0.015);
  }
}
