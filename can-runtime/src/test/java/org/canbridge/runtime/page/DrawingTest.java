package org.canbridge.runtime.page;

import static org.junit.jupiter.api.Assertions.assertTrue;
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
    double[] x = IntStream.range(0, 50).asDoubleStream().toArray();
    double[] y =
        IntStream.range(0, 50).mapToDouble(i -> 5e-5 * (1 + Math.cos(Math.PI * i / 50))).toArray();
    Set<String> labels = new TreeSet<>();
    String svg =
        new Drawing(
                "step",
                49,
                value -> {
                  String label = String.format(Locale.ROOT, "%.3g", value);
                  labels.add(label);
                  return label;
                })
            .line(Drawing.Ink.CURVE, 1, x, y)
            .svg("a falling rate");
    assumeTrue(svg.contains("<svg"), "without a font there is no chart");
    assertTrue(labels.contains("5.00e-05") || labels.contains("4.00e-05"), labels.toString());
    assertTrue(labels.size() <= 12, labels.toString());
  }
}
