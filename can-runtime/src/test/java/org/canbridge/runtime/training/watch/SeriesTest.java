package org.canbridge.runtime.training.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

final class SeriesTest {
  private static final double NAN = Double.NaN;

  private static Series series(double... values) {
    Series series = new Series();
    for (int i = 0; i < values.length; i++) {
      series.add(10L * (i + 1), values[i]);
    }
    return series;
  }

  @Test
  void partsKeepTheirExtremesInOrder() {
    List<Series.Point> points = series(1, 5, 2, 3, 4, 0, 7, 7).extremes(4);

    assertEquals(
        List.of(
            new Series.Point(10, 1),
            new Series.Point(20, 5),
            new Series.Point(60, 0),
            new Series.Point(70, 7)),
        points);
  }

  @Test
  void breaksAreKept() {
    List<Double> values =
        series(1, NAN, 2, 3, NAN, NAN, 4, 4).extremes(4).stream().map(Series.Point::value).toList();

    assertEquals(List.of(1.0, NAN, 3.0, NAN, NAN, 4.0), values);
  }

  @Test
  void endsAreTheLastFiniteValues() {
    List<Double> values =
        series(1, 2, 3, NAN, 5, 6, 7, 8).ends(4).stream().map(Series.Point::value).toList();

    assertEquals(List.of(3.0, NAN, 8.0), values);
  }

  /** Span 3 is b = 1/2: the mean of 4, 0, 2 is (4/8 + 0/4 + 2/2) / (7/8). */
  @Test
  void theAverageDoesNotStartAtZeroAndSkipsWhatIsNotFinite() {
    Series mean = series(4, 0, NAN, 2).smoothed(3);

    assertEquals(4, mean.value(0), 1e-15);
    assertEquals(4.0 / 3, mean.value(1), 1e-15);
    assertEquals(NAN, mean.value(2));
    assertEquals(12.0 / 7, mean.value(3), 1e-15);
    assertEquals(40, mean.step(3));
  }
}
