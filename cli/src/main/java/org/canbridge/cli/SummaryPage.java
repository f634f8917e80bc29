package org.canbridge.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import org.canbridge.tensors.files.AtomicFile;
import org.canbridge.tensors.files.Printable;

/**
 * A page that tells what a run did: one HTML file that holds its pictures and needs nothing else,
 * readable in light and dark. Blocks appear in the order in which they were added; all text is
 * escaped.
 *
 * <pre>{@code
 * new SummaryPage("Quickstart", "A DiT, converted and checked.")
 *     .facts(List.of(new Fact("parameters", "2.4 M", "1.6 M before")))
 *     .section("Samples")
 *     .figures(List.of(new Figure(png, "ten classes", "before conversion")))
 *     .writeTo(Path.of("summary.html"));
 * }</pre>
 */
final class SummaryPage {
  private final String title;
  private final StringBuilder body = new StringBuilder();

  /**
   * A number worth showing large.
   *
   * @param note what stands below it; may be empty
   */
  record Fact(String label, String value, String note) {}

  /**
   * A picture, drawn without smoothing so that small pixels stay visible.
   *
   * @param png a PNG file; its bytes go into the page
   * @param alternative what it shows, for those who do not see it
   */
  record Figure(Path png, String alternative, String caption) {}

  /** A column of a table; numbers are set flush right. */
  record Column(String title, boolean number) {}

  /**
   * A row of a table.
   *
   * @param cells one text for each column
   * @param good whether the row tells of something as it should be; the others are marked
   */
  record Row(List<String> cells, boolean good) {}

  /** A page with its title and a first sentence or two. */
  SummaryPage(String title, String lead) {
    this.title = title;
    element("h1", "", title);
    element("p", "lead", lead);
  }

  /** Begins a part of the page. */
  SummaryPage section(String heading) {
    element("h2", "", heading);
    return this;
  }

  /** A paragraph. */
  SummaryPage text(String paragraph) {
    element("p", "", paragraph);
    return this;
  }

  /** Whether all is well, so that it can't be missed. */
  SummaryPage verdict(boolean good, String sentence) {
    element("p", good ? "verdict good" : "verdict bad", (good ? "✓ " : "✗ ") + sentence);
    return this;
  }

  /** Numbers side by side. */
  SummaryPage facts(List<Fact> facts) {
    body.append("<dl class=\"facts\">\n");
    for (Fact fact : facts) {
      body.append("<div>");
      inline("dt", fact.label());
      inline("dd", fact.value());
      if (!fact.note().isEmpty()) {
        body.append("<dd class=\"note\">").append(Printable.markup(fact.note())).append("</dd>");
      }
      body.append("</div>\n");
    }
    body.append("</dl>\n");
    return this;
  }

  /**
   * Pictures side by side.
   *
   * @throws IOException if one cannot be read
   */
  SummaryPage figures(List<Figure> figures) throws IOException {
    body.append("<div class=\"figures\">\n");
    for (Figure figure : figures) {
      body.append("<figure><img alt=\"")
          .append(Printable.markup(figure.alternative()))
          .append("\" src=\"data:image/png;base64,")
          .append(Base64.getEncoder().encodeToString(Files.readAllBytes(figure.png())))
          .append("\">");
      inline("figcaption", figure.caption());
      body.append("</figure>\n");
    }
    body.append("</div>\n");
    return this;
  }

  /**
   * A table.
   *
   * @throws IllegalArgumentException if a row has another number of cells than there are columns
   */
  SummaryPage table(List<Column> columns, List<Row> rows) {
    body.append("<div class=\"scroll\"><table>\n<thead><tr>");
    columns.forEach(column -> cell("th", column, column.title()));
    body.append("</tr></thead>\n<tbody>\n");
    for (Row row : rows) {
      if (row.cells().size() != columns.size()) {
        throw new IllegalArgumentException(row + " does not fit " + columns);
      }
      body.append(row.good() ? "<tr>" : "<tr class=\"bad\">");
      for (int i = 0; i < columns.size(); i++) {
        cell("td", columns.get(i), row.cells().get(i));
      }
      body.append("</tr>\n");
    }
    body.append("</tbody></table></div>\n");
    return this;
  }

  /** Command lines to go on with, as they would be typed. */
  SummaryPage commands(List<Command.Example> examples) {
    String lines =
        examples.stream()
            .map(example -> "# " + example.what() + "\n./canbridge " + example.line())
            .collect(Collectors.joining("\n\n"));
    element("pre", "", lines);
    return this;
  }

  /** The whole page. */
  String html() {
    List<String> lines = new ArrayList<>();
    lines.add("<!doctype html>");
    lines.add("<html lang=\"en\">");
    lines.add("<head>");
    lines.add("<meta charset=\"utf-8\">");
    lines.add("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    lines.add("<meta name=\"color-scheme\" content=\"light dark\">");
    // The browser itself keeps the promise that the page loads nothing.
    lines.add(
        "<meta http-equiv=\"Content-Security-Policy\""
            + " content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">");
    lines.add("<title>" + Printable.markup(title) + "</title>");
    lines.add("<style>\n" + style() + "</style>");
    lines.add("</head>");
    lines.add("<body>\n<main>\n" + body + "</main>\n</body>");
    lines.add("</html>\n");
    return String.join("\n", lines);
  }

  /**
   * Writes the page, whole or not at all; a page of that name is replaced.
   *
   * @throws IOException if it cannot be written
   */
  void writeTo(Path file) throws IOException {
    AtomicFile.write(file, html());
  }

  private void element(String name, String kind, String text) {
    body.append('<').append(name);
    if (!kind.isEmpty()) {
      body.append(" class=\"").append(kind).append('"');
    }
    body.append('>').append(Printable.markup(text)).append("</").append(name).append(">\n");
  }

  private void inline(String name, String text) {
    body.append('<').append(name).append('>').append(Printable.markup(text));
    body.append("</").append(name).append('>');
  }

  private void cell(String name, Column column, String text) {
    body.append('<').append(name).append(column.number() ? " class=\"number\">" : ">");
    body.append(Printable.markup(text)).append("</").append(name).append('>');
  }

  private static String style() {
    try (InputStream in = SummaryPage.class.getResourceAsStream("summary.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("summary.css", e);
    }
  }
}
