package org.canbridge.runtime.training.watch;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.canbridge.tensors.files.Printable;

/**
 * One number over the steps of a run, as a figure with an SVG. Where a value is not finite the line
 * is broken, the place is marked, and a sentence below says so.
 *
 * @param title escaped here
 * @param series at least one point
 * @param smoothed whether a moving average is drawn over the values themselves
 * @param wide as wide as the page, or half
 */
record Chart(String title, Series series, Axis vertical, boolean smoothed, boolean wide) {
  /** So many points a line; more would not be seen. */
  static final int MOST_POINTS = 1000;

  private static final int MOST_POINTS_IN_HALF = 500;

  /** Where there are fewer points, they are the curve: an average of a few lags behind them. */
  private static final int SMOOTHED_FROM = 100;

  /** The share of all points that the moving average spans. */
  private static final int SPAN_SHARE = 50;

  private static final int SHORTEST_SPAN = 5;

  /** Marks of values that are not finite merge where they are nearer than this. */
  private static final double GAP = 1.5;

  private static final int LEFT = 58;

  /** Room for the last value, such as {@code 1.23e-10} in the widest of the fonts. */
  private static final int RIGHT = 80;

  private static final int TOP = 10;
  private static final int BOTTOM = 26;

  private int width() {
    return wide ? 946 : 476;
  }

  private int height() {
    return wide ? 340 : 210;
  }

  private int points() {
    return wide ? MOST_POINTS : MOST_POINTS_IN_HALF;
  }

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

  /** The figure's HTML. */
  String figure() {
    StringBuilder out = new StringBuilder();
    out.append("<figure class=\"chart").append(wide ? " wide" : "").append("\">\n");
    out.append("<figcaption><strong>").append(Printable.html(title)).append("</strong> ");
    out.append(Printable.html(explanation())).append("</figcaption>\n");
    svg(out);
    for (String note : notes()) {
      out.append("<p class=\"warning\">").append(Printable.html(note)).append("</p>\n");
    }
    return out.append("</figure>\n").toString();
  }

  private String explanation() {
    List<String> parts = new ArrayList<>();
    if (smoothed && isLong(series)) {
      parts.add("smoothed over about " + Numbers.whole(span(series)) + " points");
    }
    if (vertical.logarithmic()) {
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
    if (vertical.logarithmic() && series.value(series.lowest()) == 0) {
      notes.add("Zeros are drawn at the lower edge");
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

  private void svg(StringBuilder out) {
    Axis horizontal = Axis.steps(series.step(series.size() - 1));
    out.append("<svg viewBox=\"0 0 " + width() + " " + height() + "\" role=\"img\" aria-label=\"");
    out.append(Printable.html(description())).append("\">\n");
    grid(out, horizontal);
    List<Series.Point> points = series.extremes(points());
    if (smoothed && isLong(series)) {
      line(out, "raw", points, horizontal);
      Series mean = mean(series);
      line(out, "mean", mean.ends(points()), horizontal);
      end(out, mean, horizontal);
    } else {
      line(out, "mean", points, horizontal);
      end(out, series, horizontal);
    }
    out.append("</svg>\n");
  }

  private void grid(StringBuilder out, Axis horizontal) {
    int right = width() - RIGHT;
    int floor = height() - BOTTOM;
    for (Axis.Tick tick : vertical.ticks()) {
      double y = y(tick.value());
      out.append("<path class=\"grid\" d=\"M" + LEFT + " " + y + "H" + right + "\"/>");
      text(out, "tick y", LEFT - 8, y + 4, tick.label());
    }
    out.append("<path class=\"axis\" d=\"M" + LEFT + " " + floor + "H" + right + "\"/>");
    for (Axis.Tick tick : horizontal.ticks()) {
      double x = x(horizontal, tick.value());
      out.append("<path class=\"axis\" d=\"M" + x + " " + floor + "v4\"/>");
      text(out, "tick x", x, floor + 18, tick.label());
    }
    text(out, "tick y", LEFT - 8, floor + 18, "step");
    gaps(out, horizontal);
  }

  private void gaps(StringBuilder out, Axis horizontal) {
    double[] places =
        series.extremes(points()).stream()
            .filter(Series.Point::isBreak)
            .mapToDouble(p -> x(horizontal, p.step()))
            .toArray();
    for (int i = 0; i < places.length; i++) {
      double from = places[i];
      while (i + 1 < places.length && places[i + 1] - places[i] <= GAP) {
        i++;
      }
      out.append("<rect class=\"gap\" x=\"" + tenths(from - GAP / 2) + "\" y=\"" + TOP);
      out.append("\" width=\"" + tenths(places[i] - from + GAP) + "\" height=\"");
      out.append((height() - BOTTOM - TOP) + "\"/>\n");
    }
  }

  /** The pieces between breaks; one that is a single point is a dot, as a line of it has no ink. */
  private void line(StringBuilder out, String kind, List<Series.Point> points, Axis horizontal) {
    List<List<Series.Point>> pieces = new ArrayList<>();
    List<Series.Point> piece = new ArrayList<>();
    for (Series.Point point : points) {
      if (!point.isBreak()) {
        piece.add(point);
      } else if (!piece.isEmpty()) {
        pieces.add(piece);
        piece = new ArrayList<>();
      }
    }
    if (!piece.isEmpty()) {
      pieces.add(piece);
    }
    String path =
        pieces.stream()
            .filter(p -> p.size() > 1)
            .map(p -> p.stream().map(q -> place(q, horizontal)).collect(Collectors.joining("L")))
            .collect(Collectors.joining("M"));
    if (!path.isEmpty()) {
      out.append("<path class=\"" + kind + "\" d=\"M" + path + "\"/>\n");
    }
    for (List<Series.Point> single : pieces) {
      if (single.size() == 1) {
        dot(out, kind, x(horizontal, single.get(0).step()), y(single.get(0).value()), 2);
      }
    }
  }

  private String place(Series.Point point, Axis horizontal) {
    return x(horizontal, point.step()) + " " + y(point.value());
  }

  /** A dot at the last finite value, and the value beside it. */
  private void end(StringBuilder out, Series drawn, Axis horizontal) {
    int last = drawn.last();
    if (last >= 0) {
      double y = y(drawn.value(last));
      dot(out, "end", x(horizontal, (double) drawn.step(last)), y, 3);
      text(out, "value", width() - RIGHT + 8, y + 4, Numbers.brief(drawn.value(last), 3));
    }
  }

  private static void dot(StringBuilder out, String kind, double x, double y, int radius) {
    out.append("<circle class=\"" + kind + "\" cx=\"" + x + "\" cy=\"" + y + "\" r=\"" + radius);
    out.append("\"/>\n");
  }

  private static void text(StringBuilder out, String kind, double x, double y, String text) {
    out.append("<text class=\"" + kind + "\" x=\"" + x + "\" y=\"" + y + "\">");
    out.append(Printable.html(text)).append("</text>\n");
  }

  private double x(Axis horizontal, double step) {
    return tenths(LEFT + horizontal.position(step) * (width() - LEFT - RIGHT));
  }

  private double y(double value) {
    return tenths(height() - BOTTOM - vertical.position(value) * (height() - TOP - BOTTOM));
  }

  private static double tenths(double value) {
    return Math.round(10 * value) / 10.0;
  }
}
