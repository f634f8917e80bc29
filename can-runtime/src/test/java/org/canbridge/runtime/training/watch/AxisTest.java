package org.canbridge.runtime.training.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AxisTest {
  private static Series series(double... values) {
    Series series = new Series();
    for (int i = 0; i < values.length; i++) {
      series.add(i + 1, values[i]);
    }
    return series;
  }

  private static String labels(Axis axis) {
    return String.join(" ", axis.ticks().stream().map(Axis.Tick::label).toList());
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0 1",
    "3, 0 1 2 3",
    "7, 0 2 4 6",
    "50, 0 10 20 30 40 50",
    "1999, '0 500 1,000 1,500'",
    "3000000, '0 500,000 1,000,000 1,500,000 2,000,000 2,500,000 3,000,000'",
  })
  void stepsHaveWholeTicks(long last, String expected) {
    assertEquals(expected, labels(Axis.steps(last)));
  }

  @ParameterizedTest
  @CsvSource({
    "0.9 1.1, false, 0.9 0.95 1 1.05 1.1",
    "0.1 1, false, 0 0.5 1",
    "0.05 1, true, 0.05 0.1 0.2 0.5 1",
    "0.001 0.5, true, 0.001 0.003 0.01 0.03 0.1 0.3",
    "1e-9 10, true, 1e-8 1e-6 1e-4 0.01 1",
    "-3 500, false, 0 200 400",
    "-2.2 -1.7, false, −2.2 −2 −1.8",
    "5 5, false, 4.8 5 5.2",
    "0 0, false, 0 0.2 0.4 0.6 0.8 1",
    "3e-7 4e-7, false, 3e-7 3.5e-7 4e-7",
    "2e38 3e38, false, 2e38 2.5e38 3e38",
  })
  void ticksAreRoundNumbers(String values, boolean logarithmic, String expected) {
    Axis axis =
        Axis.fitting(
            series(Arrays.stream(values.split(" ", -1)).mapToDouble(Double::valueOf).toArray()));

    assertEquals(logarithmic, axis.logarithmic());
    assertEquals(expected, labels(axis));
  }

  @Test
  void positionsRunFromEndToEnd() {
    Axis linear = new Axis(10, 20, false, List.of());
    assertEquals(0.25, linear.position(12.5), 1e-15);
    assertEquals(1, linear.position(21));
    Axis logarithmic = new Axis(0.01, 100, true, List.of());
    assertEquals(0.5, logarithmic.position(1), 1e-15);
    assertEquals(0, logarithmic.position(0));
  }

  /** A first gradient may be zero, since generators start at zero. */
  @Test
  void aFewZerosDoNotPreventLogarithms() {
    double[] values = new double[200];
    Arrays.setAll(values, i -> i);
    assertTrue(Axis.fitting(series(values)).logarithmic());
    assertEquals(false, Axis.fitting(series(0, 0.001, 1)).logarithmic());
  }

  @Test
  void theLargestDoublesHaveAnAxis() {
    Axis axis = Axis.fitting(series(-Double.MAX_VALUE, Double.MAX_VALUE));
    assertEquals("−1e300 −5e299 0 5e299 1e300", labels(axis));
    assertEquals(0.5, axis.position(0));
  }
}
