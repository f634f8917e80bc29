package org.canbridge.runtime.training.watch;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.canbridge.runtime.page.Drawing;
import org.canbridge.runtime.page.Drawing.Ink;
import org.canbridge.runtime.page.Page;

/**
 * One number over the steps of a run, as a chart. Where a value is not finite the line is broken,
 * the place is marked, and a sentence below says so.
 *
 * @param series at least one point
 * @param fromZero whether the axis begins at zero, for what is never negative; else it shows the
 *     values as large as it can, logarithmically if the largest is many times the smallest
 * @param smoothed whether a moving average is drawn over the values themselves
 */
record Curve(String title, Series series, boolean fromZero, boolean smoothed) {
  /** So many points a line; more would not be seen. */
  private static final int MOST_POINTS = 500;

  /** Where there are fewer points, they are the curve: an average of a few lags behind them. */
  private static final int SMOOTHED_FROM = 100;

  /** Where there are fewer points, each has a dot. */
  private static final int DOTS_BELOW = 50;

  /** The share of all points that the moving average spans. */
  private static final int SPAN_SHARE = 50;

  private static final int SHORTEST_SPAN = 5;

  /** From which ratio of the largest to the smallest value on an axis is logarithmic. */
  private static final double LOGARITHMIC_FROM = 20;

  /** The largest share of zeros that a logarithmic axis is taken for all the same. */
  private static final double FEW = 0.01;

  /** Values below this share of the largest lie near enough to zero for an axis from there. */
  private static final double NEAR_ZERO = 0.25;

  /** Whether a series is long enough to be smoothed. */
  static boolean isLong(Series series) {
    return series.size() >= SMOOTHED_FROM;
  }

  /** The moving average of a long series. */
  static Series mean(Series series) {
    return series.smoothed(span(series));
  }

  private static int span(Series series) {
    return Math.max(SHORTEST_SPAN, series.size() / SPAN_SHARE);
  }

  /** The chart, with all that is to be said beside it. */
  Page.Chart chart() {
    return new Page.Chart(title, explanation(), svg(), notes());
  }

  private String explanation() {
    List<String> parts = new ArrayList<>();
    if (smoothed && isLong(series)) {
      parts.add("smoothed over about " + Numbers.whole(span(series)) + " points");
    }
    if (logarithmic()) {
      parts.add("logarithmic");
    }
    return String.join(", ", parts);
  }

  private List<String> notes() {
    List<String> notes = new ArrayList<>();
    int[] broken =
        IntStream.range(0, series.size()).filter(i -> !Double.isFinite(series.value(i))).toArray();
    if (broken.length == 1) {
      int at = broken[0];
      notes.add(Numbers.brief(series.value(at), 1) + at(at));
    } else if (broken.length > 1) {
      notes.add(
          "Not finite at "
              + Numbers.whole(broken.length)
              + " steps, the first"
              + at(broken[0])
              + ", the last"
              + at(broken[broken.length - 1]));
    }
    if (logarithmic() && series.value(series.lowest()) == 0) {
      notes.add("Zeros are drawn where the smallest other value is");
    }
    return notes;
  }

  /** What the picture shows, in a sentence. */
  String description() {
    int first = series.finite().findFirst().orElse(-1);
    if (first < 0) {
      return title + ": no finite value";
    }
    int last = series.last();
    String start = title + ": " + Numbers.brief(series.value(first), 4) + at(first);
    if (last == first) {
      return start;
    }
    int lowest = series.lowest();
    int highest = series.highest();
    return start
        + ", "
        + Numbers.brief(series.value(last), 4)
        + at(last)
        + "; lowest "
        + Numbers.brief(series.value(lowest), 4)
        + at(lowest)
        + ", highest "
        + Numbers.brief(series.value(highest), 4)
        + at(highest);
  }

  private String at(int index) {
    return " at step " + Numbers.whole(series.step(index));
  }

  private double smallestPositive() {
    return series.finite().mapToDouble(series::value).filter(v -> v > 0).min().orElse(0);
  }

  private boolean logarithmic() {
    double positive = smallestPositive();
    if (fromZero || positive == 0 || series.value(series.lowest()) < 0) {
      return false;
    }
    long zeros = series.finite().filter(i -> series.value(i) == 0).count();
    return zeros <= FEW * series.size()
        && series.value(series.highest()) / positive >= LOGARITHMIC_FROM;
  }

  private String svg() {
    Drawing drawing =
        new Drawing(
            "step",
            series.step(series.size() - 1),
            value -> Numbers.brief(value, logarithmic() ? 2 : 5));
    if (series.lowest() < 0) {
      return "";
    }
    double low = series.value(series.lowest());
    if (logarithmic()) {
      drawing.logarithmic();
    } else if (low >= 0 && (fromZero || low <= NEAR_ZERO * series.value(series.highest()))) {
      drawing.including(0);
    }
    List<Series.Point> points = series.extremes(MOST_POINTS);
    if (smoothed && isLong(series)) {
      line(drawing, Ink.FAINT, 1, points);
      line(drawing, Ink.CURVE, 2, mean(series).ends(MOST_POINTS));
    } else {
      line(drawing, Ink.CURVE, 2, points);
    }
    if (series.size() < DOTS_BELOW) {
      List<Series.Point> finite = points.stream().filter(p -> !p.isBreak()).toList();
      drawing.dots(Ink.CURVE, steps(finite), values(finite));
    }
    return drawing
        .marks(steps(points.stream().filter(Series.Point::isBreak).toList()))
        .svg(description());
  }

  private void line(Drawing drawing, Ink ink, double width, List<Series.Point> points) {
    drawing.line(ink, width, steps(points), values(points));
  }

  private static double[] steps(List<Series.Point> points) {
    return points.stream().mapToDouble(Series.Point::step).toArray();
  }

  private double[] values(List<Series.Point> points) {
    double least = logarithmic() ? smallestPositive() : Double.NEGATIVE_INFINITY;
    return points.stream()
        .mapToDouble(p -> p.isBreak() ? Double.NaN : Math.max(p.value(), least))
        .toArray();
  }
}
