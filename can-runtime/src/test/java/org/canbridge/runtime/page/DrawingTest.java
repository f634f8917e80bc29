package org.canbridge.runtime.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a chart's axes say. */
class DrawingTest {
  @Test
  void smallValuesHaveRoundMarksToo() {
    double[] x = IntStream.range(1, 51).asDoubleStream().toArray();
    double[] y =
        IntStream.range(1, 51)
            .mapToDouble(i -> i < 5 ? 2.5e-5 * i : 5e-5 * (1 + Math.cos(Math.PI * i / 50)))
            .toArray();
    Set<Double> marks = new TreeSet<>();
    String svg =
        new Drawing(
                "step",
                50,
                value -> {
                  marks.add(value);
                  return String.format(Locale.ROOT, "%.5g", value);
                })
            .including(0)
            .line(Drawing.Ink.CURVE, 1, x, y)
            .svg("a rate that rises and falls");
    assumeTrue(svg.contains("<svg"), "without a font there is no chart");
    assertFalse(marks.isEmpty());
    for (double mark : marks) {
      assertEquals(Math.rint(mark / 1e-6), mark / 1e-6, 1e-6, marks.toString());
    }
  }
}
