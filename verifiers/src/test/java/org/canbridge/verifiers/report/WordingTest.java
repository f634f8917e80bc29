package org.canbridge.verifiers.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.canbridge.verifiers.Differences;
import org.junit.jupiter.api.Test;

final class WordingTest {

  @Test
  void whatIsNeededIsRoundedUp() {
    assertEquals("2.5e-05", Wording.atLeast(2.41e-5));
    assertEquals("2.4e-05", Wording.brief(2.41e-5));
    assertEquals("1.1e+00", Wording.atLeast(Math.nextUp(1.0)));
  }

  @Test
  void valuesKeepTheDigitsOfTheirPrecision() {
    assertEquals("expected 0.1, actual 0.10000001", values(0.1f, Math.nextUp(0.1f)));
    assertEquals("expected 0.1, actual 0.10000000149011612", values(0.1, 0.1f));
    assertEquals("expected 0.1, actual 0.10000000000000002", values(0.1, Math.nextUp(0.1)));
    assertEquals("expected NaN, actual -inf", values(Double.NaN, Double.NEGATIVE_INFINITY));
  }

  private static String values(double expected, double actual) {
    return Wording.values(new Differences.Element(List.of(), expected, actual));
  }

  @Test
  void sharesKeepSmallNumbers() {
    assertEquals("52.1 %", Wording.percent(0.52083));
    assertEquals("100.0 %", Wording.percent(1));
    assertEquals("4.3e-05 %", Wording.percent(4.3e-7));
  }
}
