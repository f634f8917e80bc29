package org.canbridge.verifiers.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apiguardian.api.API;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.Printable;
import org.canbridge.verifiers.CallReport;
import org.canbridge.verifiers.Comparison;
import org.canbridge.verifiers.Differences;
import org.canbridge.verifiers.Outcome;
import org.canbridge.verifiers.ParityReport;
import org.canbridge.verifiers.Tolerance;

/**
 * A report for the terminal: one line a tensor in aligned columns, then the first tensor that
 * differs, then the verdict. Lines end in {@code \n}; there are no control characters.
 */
@API(status = API.Status.STABLE)
public final class TextReport {
  private static final String[] HEADINGS = {
    "", "tensor", "type", "max abs", "max rel", "of tolerance", ""
  };

  private final StringBuilder out = new StringBuilder();

  private TextReport() {}

  /** The whole report. */
  public static String of(ParityReport report) {
    TextReport text = new TextReport();
    text.head(report);
    text.table(report);
    text.end(report);
    return text.out.toString();
  }

  private void head(ParityReport report) {
    line(
        "parity of "
            + Printable.replaced(report.model())
            + " with "
            + Printable.replaced(report.reference()));
    report.sha256().ifPresent(digest -> line("  sha256 " + digest + origin(report)));
    report
        .environment()
        .forEach((k, v) -> line("  " + Printable.replaced(k) + " " + Printable.replaced(v)));
  }

  private static String origin(ParityReport report) {
    return report
        .referenceCheckpoint()
        .map(name -> " (the reference was made from this file)")
        .orElse("");
  }

  private void table(ParityReport report) {
    List<String[]> rows = new ArrayList<>();
    rows.add(HEADINGS);
    report.findings().forEach(f -> rows.add(row(f.comparison())));
    int[] widths = new int[HEADINGS.length];
    for (String[] row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row[i].length());
      }
    }
    int next = 1;
    for (CallReport call : report.calls()) {
      line("");
      line(
          "call "
              + Printable.replaced(call.call())
              + " ("
              + Wording.seconds(call.seconds())
              + " s)");
      aligned(HEADINGS, widths);
      for (int i = 0; i < call.comparisons().size(); i++) {
        aligned(rows.get(next++), widths);
      }
    }
  }

  private static String[] row(Comparison c) {
    Optional<Differences> d = c.differences();
    return new String[] {
      Wording.status(c.outcome()),
      Printable.replaced(c.name()),
      Wording.type(c),
      d.map(x -> Wording.brief(x.maxAbsolute())).orElse("-"),
      d.map(x -> Wording.brief(x.maxRelative())).orElse("-"),
      d.map(x -> Wording.brief(x.factorNeeded())).orElse("-"),
      Wording.remark(c)
    };
  }

  private void aligned(String[] cells, int[] widths) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < cells.length; i++) {
      text.append("  ").append(cells[i]).append(" ".repeat(widths[i] - cells[i].length()));
    }
    line(text.toString().stripTrailing());
  }

  private void end(ParityReport report) {
    line("");
    overrides(report)
        .forEach(
            (rule, count) ->
                line(
                    "override for "
                        + count
                        + (count == 1 ? " tensor: " : " tensors: ")
                        + Wording.rule(rule)));
    report
        .firstDifference()
        .ifPresent(f -> line("first difference: " + Wording.place(f) + before(report, f)));
    line(Wording.verdict(report));
  }

  /** The rules that are not the table's, with the number of tensors that each was applied to. */
  private static Map<Tolerance, Long> overrides(ParityReport report) {
    return report
        .findings()
        .flatMap(f -> f.comparison().tolerance().stream())
        .filter(rule -> !rule.isDefault())
        .collect(Collectors.groupingBy(rule -> rule, LinkedHashMap::new, Collectors.counting()));
  }

  /** The tensor before the first difference, which narrows down where it arises. */
  private static String before(ParityReport report, ParityReport.Finding first) {
    List<ParityReport.Finding> earlier =
        report
            .findings()
            .takeWhile(f -> !f.equals(first))
            .filter(f -> f.call().equals(first.call()) && f.comparison().passed())
            .toList();
    return earlier.isEmpty()
        ? ""
        : "; "
            + Printable.replaced(earlier.get(earlier.size() - 1).comparison().name())
            + " before it is equal";
  }

  /**
   * Everything that is known about one tensor that fails, over several lines without a line end at
   * the last.
   */
  public static String failure(ParityReport.Finding finding) {
    Comparison c = finding.comparison();
    TextReport text = new TextReport();
    text.line(Wording.place(finding) + ": " + headline(c));
    c.expected().map(TensorType::toString).ifPresent(t -> text.field("expected", t));
    c.actual().map(TensorType::toString).ifPresent(t -> text.field("actual", t));
    c.tolerance().ifPresent(t -> text.field("rule", Wording.rule(t)));
    c.differences().ifPresent(text::differences);
    return text.out.toString().stripTrailing();
  }

  private static String headline(Comparison c) {
    return c.outcome() == Outcome.VALUES_DIFFER ? "the values differ" : Wording.remark(c);
  }

  private void differences(Differences d) {
    field(
        "bad",
        d.bad() + " of " + d.elements() + " elements (" + Wording.percent(d.badShare()) + ")");
    d.worst().ifPresent(w -> field("worst", "at " + w.index() + ": " + Wording.values(w)));
    field(
        "largest",
        "absolute difference "
            + Wording.brief(d.maxAbsolute())
            + ", relative "
            + Wording.brief(d.maxRelative()));
    field("not finite", d.nonFiniteExpected() + " expected, " + d.nonFiniteActual() + " actual");
    field("needed", Wording.wouldPass(d));
  }

  private void field(String label, String value) {
    line("  " + label + ": " + value);
  }

  private void line(String text) {
    out.append(text).append('\n');
  }
}
