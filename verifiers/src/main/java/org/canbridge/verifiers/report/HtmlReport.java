package org.canbridge.verifiers.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import org.canbridge.tensors.files.Printable;
import org.canbridge.verifiers.CallReport;
import org.canbridge.verifiers.Comparison;
import org.canbridge.verifiers.Differences;
import org.canbridge.verifiers.Outcome;
import org.canbridge.verifiers.ParityReport;

/**
 * A report as one HTML page that needs nothing else: no script, no font, no network. Each tensor
 * has a bar for the error in units of its tolerance, on a logarithmic scale with a mark at 1, so
 * that one sees how near to the limit a layer is and where in the network errors grow.
 */
public final class HtmlReport {
  /** The ends of the bars' scale, as powers of ten. */
  private static final int LOWEST = -8;

  private static final int HIGHEST = 6;

  private final StringBuilder out = new StringBuilder();

  private HtmlReport() {}

  /** The whole page, UTF-8. */
  public static String of(ParityReport report) {
    HtmlReport page = new HtmlReport();
    page.head(report);
    page.summary(report);
    for (CallReport call : report.calls()) {
      page.table(call, report.firstDifference());
    }
    page.line("</body>");
    page.line("</html>");
    return page.out.toString();
  }

  private void head(ParityReport report) {
    String title = "Parity of " + report.model() + " with " + report.reference();
    line("<!DOCTYPE html>");
    line("<html lang=\"en\">");
    line("<head>");
    line("<meta charset=\"utf-8\">");
    line("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    line("<title>" + Printable.html(title) + "</title>");
    line("<style>");
    out.append(style());
    line("</style>");
    line("</head>");
    line("<body>");
    line("<h1>" + Printable.html(title) + "</h1>");
  }

  private static String style() {
    try (InputStream css = HtmlReport.class.getResourceAsStream("report.css")) {
      return new String(css.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("report.css is missing from the jar", e);
    }
  }

  private void summary(ParityReport report) {
    line("<div class=\"verdict " + (report.passed() ? "passed" : "failed") + "\">");
    line(Printable.html(Wording.verdict(report)));
    report
        .firstDifference()
        .ifPresent(
            f ->
                line(
                    "<p>First difference: <code>"
                        + Printable.html(Wording.place(f))
                        + "</code></p>"));
    line("</div>");
    line("<dl>");
    report.sha256().ifPresent(digest -> term("sha256", digest));
    report
        .referenceCheckpoint()
        .ifPresent(name -> term("source", name + ", the file that the reference was made from"));
    report.environment().forEach(this::term);
    line("</dl>");
  }

  private void term(String name, String value) {
    line("<dt>" + Printable.html(name) + "</dt><dd>" + Printable.html(value) + "</dd>");
  }

  private void table(CallReport call, Optional<ParityReport.Finding> first) {
    line(
        "<h2>Call "
            + Printable.html(call.call())
            + " <small>"
            + Wording.seconds(call.seconds())
            + " s</small></h2>");
    line("<div class=\"scroll\">");
    line("<table>");
    line("<thead><tr><th></th><th>tensor</th><th>type</th>");
    line("<th>error in units of the tolerance");
    line(
        "<div class=\"axis\"><span style=\"left:0\">1e"
            + LOWEST
            + "</span><span style=\"left:"
            + position(1)
            + "%\">1</span><span style=\"left:100%\">1e"
            + HIGHEST
            + "</span></div></th>");
    line("<th class=\"number\"></th><th class=\"number\">max abs</th>");
    line("<th class=\"number\">max rel</th></tr></thead>");
    line("<tbody>");
    for (Comparison c : call.comparisons()) {
      ParityReport.Finding finding = new ParityReport.Finding(call.call(), c);
      row(finding, first.filter(finding::equals).isPresent());
    }
    line("</tbody>");
    line("</table>");
    line("</div>");
  }

  private void row(ParityReport.Finding finding, boolean unfolded) {
    Comparison c = finding.comparison();
    String kind =
        c.outcome().isFailure()
            ? "failure"
            : c.outcome() == Outcome.NOT_CHECKED ? "left-out" : "equal";
    line("<tr class=\"" + kind + "\">");
    line("<td class=\"status\">" + Printable.html(Wording.status(c.outcome())) + "</td>");
    line("<td class=\"name\">" + Printable.html(c.name()) + "</td>");
    line("<td class=\"type\">" + Printable.html(Wording.type(c)) + "</td>");
    if (c.differences().isPresent()) {
      Differences d = c.differences().get();
      line("<td>" + bar(d.factorNeeded()) + "</td>");
      number(d.factorNeeded());
      number(d.maxAbsolute());
      number(d.maxRelative());
    } else {
      line("<td></td><td></td><td></td><td></td>");
    }
    line("</tr>");
    if (!c.passed()) {
      line("<tr class=\"detail\"><td></td><td colspan=\"6\">");
      line(
          c.outcome().isFailure() ? details(finding, unfolded) : Printable.html(Wording.remark(c)));
      line("</td></tr>");
    }
  }

  private static String details(ParityReport.Finding finding, boolean unfolded) {
    return "<details"
        + (unfolded ? " open" : "")
        + "><summary>"
        + Printable.html(Wording.remark(finding.comparison()))
        + "</summary><pre>"
        + Printable.markup(TextReport.failure(finding))
        + "</pre></details>";
  }

  private static String bar(double factor) {
    return "<div class=\"bar\"><span style=\"width:"
        + position(factor)
        + "%\"></span><i style=\"left:"
        + position(1)
        + "%\"></i></div>";
  }

  /** Where a number of tolerances lies on the logarithmic scale, in per cent of its length. */
  private static String position(double factor) {
    double decades = factor == 0 ? LOWEST : Math.log10(factor);
    double inside = Math.min(Math.max(decades, LOWEST), HIGHEST);
    return String.format(Locale.ROOT, "%.1f", 100 * (inside - LOWEST) / (HIGHEST - LOWEST));
  }

  private void number(double value) {
    line("<td class=\"number\">" + Wording.brief(value) + "</td>");
  }

  private void line(String text) {
    out.append(text).append('\n');
  }
}
