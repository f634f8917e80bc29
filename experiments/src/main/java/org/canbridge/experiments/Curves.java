package org.canbridge.experiments;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Dimension;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.apache.batik.svggen.SVGGraphics2D;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.w3c.dom.Document;

/**
 * Training losses as pictures (SVG), the mean over the seeds of each row.
 *
 * @param results of all runs there are
 */
record Curves(List<RunResult> results) {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 420;

  /** Points of a curve that one drawn point averages. */
  private static final int SMOOTHING = 5;

  /** The colours of Okabe and Ito, which everybody can tell apart, and two greys. */
  private static final List<Color> COLORS =
      List.of(
          new Color(0x000000),
          new Color(0x999999),
          new Color(0x56B4E9),
          new Color(0x0072B2),
          new Color(0xD55E00),
          new Color(0x009E73),
          new Color(0xE69F00),
          new Color(0xCC79A7),
          new Color(0x8C6D31));

  /** Writes {@code <start>-loss.svg} and {@code <start>-difference.svg} for each start. */
  void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (Start start : Start.values()) {
      if (!runs(start, Row.ADALN).isEmpty()) {
        draw(
            chart("Training loss", "mean square error of the noise"),
            start,
            (own, base) -> own,
            folder.resolve(start.label() + "-loss.svg"));
        draw(
            chart("Training loss less that of adaLN only on the same examples", "difference"),
            start,
            Curves::minus,
            folder.resolve(start.label() + "-difference.svg"));
      }
    }
  }

  private static XYChart chart(String title, String vertical) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle("step")
            .yAxisTitle(vertical)
            .build();
    chart
        .getStyler()
        .setLegendPosition(Styler.LegendPosition.OutsideE)
        .setChartBackgroundColor(Color.WHITE)
        .setLegendBorderColor(Color.WHITE)
        .setPlotBorderVisible(false);
    return chart;
  }

  private void draw(XYChart chart, Start start, BinaryOperator<List<Double>> view, Path file)
      throws IOException {
    int color = 0;
    for (Row row : Row.values()) {
      List<RunResult> runs = runs(start, row);
      if (!row.isTrained() || runs.isEmpty()) {
        continue;
      }
      List<List<Double>> curves = new ArrayList<>();
      for (RunResult run : runs) {
        runs(start, Row.ADALN).stream()
            .filter(base -> base.seed() == run.seed())
            .forEach(base -> curves.add(view.apply(run.curve(), base.curve())));
      }
      List<Double> smooth = smoothed(mean(curves));
      int window = runs.get(0).window();
      double[] steps = new double[smooth.size()];
      Arrays.setAll(steps, i -> window * (i + SMOOTHING / 2.0));
      XYSeries series =
          chart.addSeries(
              row.title(), steps, smooth.stream().mapToDouble(Double::doubleValue).toArray());
      series
          .setMarker(SeriesMarkers.NONE)
          .setLineColor(COLORS.get(color % COLORS.size()))
          .setLineStyle(new BasicStroke(row.isMain() ? 2f : 1.2f));
      color++;
    }
    write(chart, file);
  }

  private List<RunResult> runs(Start start, Row row) {
    return results.stream().filter(r -> r.start() == start && r.row() == row).toList();
  }

  private static List<Double> minus(List<Double> a, List<Double> b) {
    List<Double> difference = new ArrayList<>();
    for (int i = 0; i < a.size(); i++) {
      difference.add(a.get(i) - b.get(i));
    }
    return difference;
  }

  private static List<Double> mean(List<List<Double>> curves) {
    List<Double> mean = new ArrayList<>();
    for (int i = 0; i < curves.get(0).size(); i++) {
      int at = i;
      mean.add(curves.stream().mapToDouble(c -> c.get(at)).average().orElseThrow());
    }
    return mean;
  }

  /** The means over {@link #SMOOTHING} points in a row. */
  static List<Double> smoothed(List<Double> values) {
    List<Double> means = new ArrayList<>();
    for (int from = 0; from + SMOOTHING <= values.size(); from++) {
      means.add(
          values.subList(from, from + SMOOTHING).stream()
              .mapToDouble(Double::doubleValue)
              .average()
              .orElseThrow());
    }
    return means;
  }

  private static void write(XYChart chart, Path file) throws IOException {
    Document document;
    try {
      document = DocumentBuilderFactory.newInstance().newDocumentBuilder().newDocument();
    } catch (ParserConfigurationException e) {
      throw new IllegalStateException("no XML", e);
    }
    document.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "svg"));
    SVGGraphics2D graphics = new SVGGraphics2D(document);
    chart.paint(graphics, WIDTH, HEIGHT);
    graphics.setSVGCanvasSize(new Dimension(WIDTH, HEIGHT));
    try (Writer out = Files.newBufferedWriter(file, StandardCharsets.UTF_8)) {
      graphics.stream(out, true);
    }
  }
}
