package org.canbridge.verifiers.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.canbridge.runtime.page.Drawing;
import org.canbridge.runtime.page.Drawing.Ink;
import org.canbridge.runtime.page.Page;
import org.canbridge.runtime.page.Page.Mood;
import org.canbridge.verifiers.CallReport;
import org.canbridge.verifiers.Comparison;
import org.canbridge.verifiers.Differences;
import org.canbridge.verifiers.ParityReport;

/**
 * A report as one HTML page that needs nothing else: no script, no font, no network. A chart for
 * each call shows the tensors' errors in units of their tolerances, so that one sees how near to
 * the limit a layer is and where in the network errors grow.
 */
public final class HtmlReport {
  private static final List<Page.Column> COLUMNS =
      List.of(
          new Page.Column("", true),
          new Page.Column("tensor", false),
          new Page.Column("result", false),
          new Page.Column("type", false),
          new Page.Column("of tolerance", true),
          new Page.Column("max abs", true),
          new Page.Column("max rel", true));

  /** Errors of nothing, or of next to nothing, are drawn here, those without bounds there. */
  private static final double LEAST = 1e-8;

  private static final double MOST = 1e6;

  private HtmlReport() {}

  /**
   * The page.
   *
   * @param links to other pages, from this one's place
   */
  public static Page of(ParityReport report, List<Page.Link> links) {
    Page page =
        new Page("Parity of " + report.model() + " with " + report.reference(), "")
            .links(links)
            .verdict(report.passed() ? Mood.GOOD : Mood.BAD, Wording.verdict(report));
    report.firstDifference().ifPresent(f -> page.text("First difference: " + Wording.place(f)));
    report.calls().forEach(call -> call(page, report, call));
    Map<String, String> rows = new LinkedHashMap<>();
    report.sha256().ifPresent(digest -> rows.put("sha256", digest));
    report
        .referenceCheckpoint()
        .ifPresent(
            name -> rows.put("source", name + ", the file that the reference was made from"));
    rows.putAll(report.environment());
    return page.section("Circumstances").properties("Circumstances", rows);
  }

  private static void call(Page page, ParityReport report, CallReport call) {
    List<Comparison> comparisons = call.comparisons();
    String name = "Call " + call.call();
    page.section(name, Wording.seconds(call.seconds()) + " s");
    page.charts(List.of(errors(call)));
    List<Page.Row> rows = new ArrayList<>();
    for (int i = 0; i < comparisons.size(); i++) {
      rows.add(row(i + 1, comparisons.get(i)));
    }
    page.table(name, COLUMNS, rows);
    for (Comparison comparison : comparisons) {
      ParityReport.Finding finding = new ParityReport.Finding(call.call(), comparison);
      if (comparison.outcome().isFailure()) {
        page.details(
            comparison.name() + ": " + Wording.remark(comparison),
            TextReport.failure(finding),
            report.firstDifference().filter(finding::equals).isPresent());
      } else if (!comparison.passed()) {
        page.text(comparison.name() + ": " + Wording.remark(comparison));
      }
    }
  }

  /** The chart of a call's tensors, in the order in which they were computed. */
  public static Page.Chart errors(CallReport call) {
    List<Comparison> comparisons = call.comparisons();
    int[] measured =
        IntStream.range(0, comparisons.size())
            .filter(i -> comparisons.get(i).differences().isPresent())
            .toArray();
    double[] good = numbers(comparisons, measured, false);
    double[] bad = numbers(comparisons, measured, true);
    Drawing drawing =
        new Drawing("tensor", comparisons.size() + 1.0, Wording::brief)
            .logarithmic()
            .including(LEAST)
            .line(Ink.BAD, 1, new double[] {0, comparisons.size() + 1.0}, new double[] {1, 1});
    if (good.length > 0) {
      drawing.dots(Ink.CURVE, good, heights(comparisons, good));
    }
    if (bad.length > 0) {
      drawing.dots(Ink.BAD, bad, heights(comparisons, bad));
    }
    double largest =
        IntStream.of(measured).mapToDouble(i -> factor(comparisons, i)).max().orElse(0);
    return new Page.Chart(
        "Errors of call " + call.call() + " in units of the tolerance",
        "logarithmic; the line is the limit",
        drawing.svg(
            "Errors of "
                + measured.length
                + " tensors of call "
                + call.call()
                + " in units of their tolerances, the largest "
                + Wording.brief(largest)
                + "; the report's table has all"),
        List.of());
  }

  private static double factor(List<Comparison> comparisons, int index) {
    double factor = comparisons.get(index).differences().orElseThrow().factorNeeded();
    return Double.isNaN(factor) ? MOST : factor;
  }

  /** Of those that are equal or not: their numbers in the table. */
  private static double[] numbers(List<Comparison> comparisons, int[] measured, boolean failed) {
    return IntStream.of(measured)
        .filter(i -> comparisons.get(i).outcome().isFailure() == failed)
        .mapToDouble(i -> i + 1)
        .toArray();
  }

  private static double[] heights(List<Comparison> comparisons, double[] numbers) {
    return IntStream.range(0, numbers.length)
        .mapToDouble(i -> factor(comparisons, (int) numbers[i] - 1))
        .map(factor -> Math.min(Math.max(factor, LEAST), MOST))
        .toArray();
  }

  private static Page.Row row(int number, Comparison c) {
    List<String> cells = new ArrayList<>();
    cells.add(Integer.toString(number));
    cells.add(c.name());
    cells.add(Wording.status(c.outcome()));
    cells.add(Wording.type(c));
    if (c.differences().isPresent()) {
      Differences d = c.differences().get();
      cells.add(Wording.brief(d.factorNeeded()));
      cells.add(Wording.brief(d.maxAbsolute()));
      cells.add(Wording.brief(d.maxRelative()));
    } else {
      cells.addAll(List.of("", "", ""));
    }
    return new Page.Row(cells, !c.outcome().isFailure());
  }
}
