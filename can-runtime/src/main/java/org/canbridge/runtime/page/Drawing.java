package org.canbridge.runtime.page;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.font.FontRenderContext;
import java.awt.geom.AffineTransform;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.apache.batik.svggen.SVGGeneratorContext;
import org.apache.batik.svggen.SVGGraphics2D;
import org.apache.batik.svggen.SVGIDGenerator;
import org.canbridge.tensors.files.Printable;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/**
 * A chart as SVG that stands in a {@link Page}: XChart draws it, in colours that the page's
 * stylesheet has in a light and a dark form. Text becomes outlines, so it looks alike everywhere;
 * what the chart shows must therefore be said in words too.
 */
public final class Drawing {
  private static final int WIDTH = 480;
  private static final int HEIGHT = 230;
  private static final int FONT = 13;

  /** The least distance of the horizontal axis's labels. */
  private static final int TICKS = 90;

  /** Beyond the outermost values, of their distance. */
  private static final double MARGIN = 0.06;

  /** Whether text can be drawn at all: a system without any font cannot. */
  private static final boolean HAS_FONTS = hasFonts();

  /** What something is drawn in; the stylesheet has a variable of this name. */
  public enum Ink {
    /** The curve that matters. */
    CURVE(0x2458b8),
    /** What it was made from. */
    FAINT(0xb3c6ea),
    /** What is wrong. */
    BAD(0xb3261e),
    /** Labels. */
    SOFT(0x5d6472),
    /** Grid lines. */
    LINE(0xdfe2e8);

    private final Color color;

    Ink(int rgb) {
      this.color = new Color(rgb);
    }

    private String printed() {
      return "rgb(" + color.getRed() + "," + color.getGreen() + "," + color.getBlue() + ")";
    }

    private String variable() {
      return "var(--" + name().toLowerCase(Locale.ROOT) + ")";
    }
  }

  private static final Map<String, String> INKS =
      Stream.of(Ink.values()).collect(Collectors.toMap(Ink::printed, Ink::variable));

  private final XYChart chart = new XYChart(WIDTH, HEIGHT);
  private double low = Double.POSITIVE_INFINITY;
  private double high = Double.NEGATIVE_INFINITY;
  private boolean logarithmic;
  private double unit = 1;
  private double[] marks = {};
  private final List<XYSeries> drawn = new ArrayList<>();
  private int lines;

  /**
   * An empty chart.
   *
   * @param horizontal what the horizontal axis counts, in whole numbers
   * @param last where it ends; it begins at 0
   * @param labels of values, which the vertical axis has
   */
  public Drawing(String horizontal, double last, DoubleFunction<String> labels) {
    chart.setXAxisTitle(horizontal);
    Font font = new Font(Font.SANS_SERIF, Font.PLAIN, FONT);
    Color nothing = new Color(0, true);
    chart
        .getStyler()
        .setAxisTitleFont(font)
        .setAxisTickLabelsFont(font)
        .setAxisTickLabelsColor(Ink.SOFT.color)
        .setAxisTickMarksColor(Ink.SOFT.color)
        .setPlotGridLinesColor(Ink.LINE.color)
        .setPlotGridLinesStroke(new BasicStroke(1))
        .setPlotGridVerticalLinesVisible(false)
        .setXAxisMin(0.0)
        .setXAxisMax(Math.max(last, 1))
        .setXAxisTickMarkSpacingHint(TICKS)
        .setXAxisTickLabelsFormattingFunction(
            place -> place == Math.rint(place) ? String.format(Locale.ROOT, "%,.0f", place) : "")
        .setYAxisTickLabelsFormattingFunction(
            height -> labels.apply(logarithmic ? Math.pow(10, height) : height * unit))
        .setYAxisTitleVisible(false);
    chart
        .getStyler()
        .setChartBackgroundColor(nothing)
        .setPlotBackgroundColor(nothing)
        .setPlotBorderVisible(false)
        .setChartFontColor(Ink.SOFT.color)
        .setChartPadding(2)
        .setLegendVisible(false)
        .setChartTitleVisible(false);
  }

  /** With a logarithmic vertical axis, said before there is anything on it. */
  public Drawing logarithmic() {
    logarithmic = true;
    return this;
  }

  /** The vertical axis includes this value. */
  public Drawing including(double value) {
    low = Math.min(low, height(value));
    high = Math.max(high, height(value));
    return this;
  }

  /** XChart's own logarithmic axis has a line for each tenth of a decade, which hides the curve. */
  private double height(double value) {
    return logarithmic ? Math.log10(value) : value;
  }

  /** A line through points; it is broken where a value is not finite. */
  public Drawing line(Ink ink, double width, double[] x, double[] y) {
    series(x, y).setMarker(SeriesMarkers.NONE).setLineColor(ink.color).setLineWidth((float) width);
    for (double value : y) {
      if (Double.isFinite(value)) {
        including(value);
      }
    }
    return this;
  }

  /** Dots. */
  public Drawing dots(Ink ink, double[] x, double[] y) {
    XYSeries series = series(x, y);
    series.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
    series.setMarker(SeriesMarkers.CIRCLE).setMarkerColor(ink.color);
    for (double value : y) {
      including(value);
    }
    return this;
  }

  /** XChart marks small values where the data happen to lie, unless they are counted in a unit. */
  private void chooseUnit(double most) {
    if (most == 0 || most > 1e-2) {
      return;
    }
    unit = Math.pow(10, Math.floor(Math.log10(most)));
    low /= unit;
    high /= unit;
    for (XYSeries series : drawn) {
      double[] heights = DoubleStream.of(series.getYData()).map(y -> y / unit).toArray();
      chart.updateXYSeries(series.getName(), series.getXData(), heights, null);
    }
  }

  /** A line from bottom to top at each of these places. */
  public Drawing marks(double... x) {
    this.marks = x.clone();
    return this;
  }

  private XYSeries series(double[] x, double[] y) {
    double[] heights = DoubleStream.of(y).map(this::height).toArray();
    XYSeries series = chart.addSeries("series " + lines++, x, heights);
    drawn.add(series);
    return series;
  }

  /**
   * The picture as HTML; empty if there is no finite value. On a system without any font it is the
   * description.
   *
   * @param description what it shows, for those who do not see it
   */
  public String svg(String description) {
    if (low > high) {
      return "";
    }
    if (!HAS_FONTS) {
      return "<p>" + Printable.html(description) + "</p>";
    }
    if (!logarithmic) {
      chooseUnit(Math.max(Math.abs(low), Math.abs(high)));
    }
    double margin = MARGIN * (high > low ? high - low : Math.max(Math.abs(high), 1e-12));
    double bottom = low == 0 && !logarithmic ? 0 : low - margin;
    double top = high + margin;
    chart.getStyler().setYAxisMin(bottom).setYAxisMax(top);
    for (double x : marks) {
      chart
          .addSeries("mark " + lines++, new double[] {x, x}, new double[] {bottom, top})
          .setMarker(SeriesMarkers.NONE)
          .setLineColor(Ink.BAD.color)
          .setLineWidth(1);
    }
    try {
      Document document =
          DocumentBuilderFactory.newDefaultNSInstance().newDocumentBuilder().newDocument();
      document.appendChild(document.createElementNS(SVGGraphics2D.SVG_NAMESPACE_URI, "svg"));
      SVGGeneratorContext context = SVGGeneratorContext.createDefault(document);
      context.setComment(null);
      context.setPrecision(1);
      context.setStyleHandler(Drawing::style);
      context.setIDGenerator(new Ids(description));
      SVGGraphics2D graphics = new SVGGraphics2D(context, true);
      chart.paint(graphics, WIDTH, HEIGHT);
      Element root = graphics.getRoot();
      root.setAttributeNS(null, "viewBox", "0 0 " + WIDTH + " " + HEIGHT);
      root.setAttributeNS(null, "role", "img");
      root.setAttributeNS(null, "aria-label", Printable.replaced(description));
      return text(root);
    } catch (ParserConfigurationException | TransformerException e) {
      throw new IllegalStateException("the JDK's own XML classes do not fail so", e);
    }
  }

  /** Colours of ours as the stylesheet's variables. */
  private static void style(Element element, Map<?, ?> style, SVGGeneratorContext context) {
    style.forEach(
        (name, value) -> {
          String text = value.toString();
          element.setAttributeNS(
              null, name.toString(), INKS.getOrDefault(text.replace(" ", ""), text));
        });
  }

  /** Names of clips, which must differ between the charts of a page and not between two runs. */
  private static final class Ids extends SVGIDGenerator {
    private final String prefix;
    private int count;

    Ids(String description) {
      this.prefix = "c" + Integer.toHexString(description.hashCode());
    }

    @Override
    public String generateID(String kind) {
      return prefix + kind + count++;
    }
  }

  private static String text(Element root) throws TransformerException {
    Transformer transformer = TransformerFactory.newDefaultInstance().newTransformer();
    transformer.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
    StringWriter out = new StringWriter();
    transformer.transform(new DOMSource(root), new StreamResult(out));
    return out.toString();
  }

  /** Without a font, the first measuring of a text ends in one of many errors. */
  private static boolean hasFonts() {
    try {
      FontRenderContext context = new FontRenderContext(new AffineTransform(), true, true);
      new Font(Font.SANS_SERIF, Font.PLAIN, FONT).getStringBounds("0", context);
      return true;
    } catch (RuntimeException | Error e) {
      return false;
    }
  }
}
