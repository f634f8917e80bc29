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
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.function.Function;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.apache.batik.svggen.SVGGeneratorContext;
import org.apache.batik.svggen.SVGGraphics2D;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.w3c.dom.Document;

/**
 * Training losses as pictures (SVG): those of the first seed, and what they are less than those of
 * the published network, which saw the same examples, as the mean over the seeds of each row.
 *
 * @param results of all runs there are
 */
record Curves(List<RunResult> results) {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 420;

  /** Points of a curve that one drawn point averages. */
  private static final int SMOOTHING = 5;

  /** Writes {@code <start>-loss.svg} and {@code <start>-difference.svg} for each start. */
  void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (Start start : Start.values()) {
      if (!runs(start, start.base()).isEmpty()) {
        draw(
            chart("Training loss, first seed", "mean square error of the noise"),
            start,
            row -> losses(start, row),
            folder.resolve(start.label() + "-loss.svg"));
        draw(
            chart(
                "Training loss less that of " + start.base().title() + " on the same examples",
                "difference"),
            start,
            row -> differences(start, row),
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
    chart
        .getStyler()
        .setPlotGridLinesStroke(new BasicStroke(0.5f))
        .setXAxisDecimalPattern("#")
        .setYAxisDecimalPattern("0.0000")
        .setXAxisMin(0.0);
    return chart;
  }

  /**
   * Draws a line for each row.
   *
   * @param curves of a row, of which the mean is drawn
   */
  private void draw(XYChart chart, Start start, Function<Row, List<List<Double>>> curves, Path file)
      throws IOException {
    DoubleSummaryStatistics shown = new DoubleSummaryStatistics();
    for (Row row : start.rows()) {
      List<List<Double>> all = row.isTrained() ? curves.apply(row) : List.of();
      if (all.isEmpty()) {
        continue;
      }
      List<Double> smooth = smoothed(mean(all));
      int window = runs(start, row).get(0).window();
      double[] steps = new double[smooth.size()];
      Arrays.setAll(steps, i -> window * (i + SMOOTHING / 2.0));
      double[] values = smooth.stream().mapToDouble(Double::doubleValue).toArray();
      XYSeries series = chart.addSeries(row.title(), steps, values);
      series
          .setMarker(SeriesMarkers.NONE)
          .setLineColor(new Color(color(row)))
          .setLineStyle(new BasicStroke(row.isMain() ? 2f : 1.2f));
      if (start != Start.TRAINED || row != Row.CAN_ONLY) {
        smooth.stream().skip(smooth.size() / 5).forEach(shown::accept);
      }
    }
    // The first fifth, and a network that is not what it was, would leave no room for the others.
    double margin = 0.1 * (shown.getMax() - shown.getMin());
    chart.getStyler().setYAxisMin(shown.getMin() - margin).setYAxisMax(shown.getMax() + margin);
    write(chart, file);
  }

  /** The colours of Okabe and Ito, which everybody can tell apart, a grey and a brown. */
  private static int color(Row row) {
    return switch (row) {
      case UNTRAINED, ADALN, TOKENS -> 0x000000;
      case STATIC -> 0x999999;
      case CAN_DWCONV -> 0x56B4E9;
      case CAN_PATCH -> 0x0072B2;
      case CAN -> 0xD55E00;
      case CAN_ONLY -> 0x009E73;
      case CAN_TIME -> 0xE69F00;
      case CAN_CLASS -> 0xCC79A7;
      case SELECT -> 0x8C6D31;
    };
  }

  private List<RunResult> runs(Start start, Row row) {
    return results.stream()
        .filter(r -> r.start() == start && r.row() == row && r.job().isUsual())
        .toList();
  }

  private List<List<Double>> losses(Start start, Row row) {
    return runs(start, row).stream().filter(r -> r.seed() == 1).map(RunResult::curve).toList();
  }

  private List<List<Double>> differences(Start start, Row row) {
    List<List<Double>> differences = new ArrayList<>();
    for (RunResult run : runs(start, row)) {
      runs(start, start.base()).stream()
          .filter(base -> base.seed() == run.seed())
          .forEach(base -> differences.add(minus(run.curve(), base.curve())));
    }
    return differences;
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
    SVGGeneratorContext context = SVGGeneratorContext.createDefault(document);
    context.setPrecision(2);
    SVGGraphics2D graphics = new SVGGraphics2D(context, false);
    chart.paint(graphics, WIDTH, HEIGHT);
    graphics.setSVGCanvasSize(new Dimension(WIDTH, HEIGHT));
    try (Writer out = Files.newBufferedWriter(file, StandardCharsets.UTF_8)) {
      graphics.stream(out, true);
    }
  }
}
