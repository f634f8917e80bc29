package org.canbridge.runtime.page;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.canbridge.tensors.files.AtomicFile;
import org.canbridge.tensors.files.Printable;

/**
 * A page that tells what a run did: one HTML file that holds its pictures and needs nothing else,
 * no script and no network; readable in light and dark, narrow and wide, with a keyboard and by
 * screen readers. All pages of the project are made of it, with one stylesheet and one look of
 * charts ({@link Drawing}). Blocks appear in the order in which they were added; texts are escaped.
 *
 * <pre>{@code
 * new Page("Quickstart", "A DiT, converted and checked.")
 *     .facts(List.of(new Fact("parameters", "2.4 M", "1.6 M before")))
 *     .section("Samples")
 *     .figures(List.of(new Figure(png, "ten classes", "before conversion")))
 *     .writeTo(Path.of("summary.html"));
 * }</pre>
 */
public final class Page {
  private static final Pattern OPTION = Pattern.compile("--\\S+");

  private final String title;
  private final StringBuilder body = new StringBuilder();
  private int refresh;

  /**
   * A number worth showing large.
   *
   * @param note what stands below it; may be empty
   */
  public record Fact(String label, String value, String note) {}

  /**
   * A picture, drawn without smoothing so that small pixels stay visible.
   *
   * @param png a PNG file; its bytes go into the page
   * @param alternative what it shows, for those who do not see it
   */
  public record Figure(Path png, String alternative, String caption) {}

  /** A column of a table; numbers are set flush right. */
  public record Column(String title, boolean number) {}

  /**
   * A row of a table.
   *
   * @param cells one text for each column
   * @param good whether the row tells of something as it should be; the others are marked
   */
  public record Row(List<String> cells, boolean good) {}

  /**
   * Another page.
   *
   * @param href where it is, from this page
   */
  public record Link(String text, String href) {}

  /**
   * A chart.
   *
   * @param note what stands beside the title; may be empty
   * @param svg as {@link Drawing#svg} gives it
   * @param warnings sentences on what the picture cannot show
   */
  public record Chart(String title, String note, String svg, List<String> warnings) {}

  /**
   * A command line to go on with, as it would be typed.
   *
   * @param line without the program's name
   */
  public record CommandLine(String line, String what) {}

  /** How things stand, as a word of the stylesheet. */
  public enum Mood {
    /** As it should be. */
    GOOD,
    /** Not as it should be. */
    BAD,
    /** Going on. */
    RUNNING,
    /** Stopped, to be gone on with. */
    HALTED
  }

  /** A page with its title and a first sentence or two, which may be empty. */
  public Page(String title, String lead) {
    this.title = title;
    element("h1", "", title);
    if (!lead.isEmpty()) {
      text("lead", lead);
    }
  }

  /** The browser asks for the page's next version after so many seconds. */
  public Page refreshed(int seconds) {
    refresh = seconds;
    return this;
  }

  /** Links to other pages; nothing if there are none. */
  public Page links(List<Link> links) {
    if (links.isEmpty()) {
      return this;
    }
    body.append("<nav aria-label=\"Pages\">\n");
    for (Link link : links) {
      body.append("<a href=\"").append(Printable.html(link.href())).append("\">");
      body.append(Printable.html(link.text())).append("</a>\n");
    }
    body.append("</nav>\n");
    return this;
  }

  /** Begins a part of the page. */
  public Page section(String heading) {
    element("h2", "", heading);
    return this;
  }

  /** Begins a part of the page, with a word in smaller type behind the heading. */
  public Page section(String heading, String note) {
    body.append("<h2>").append(Printable.html(heading)).append(" <small>");
    body.append(Printable.html(note)).append("</small></h2>\n");
    return this;
  }

  /** A paragraph. */
  public Page text(String paragraph) {
    element("p", "", paragraph);
    return this;
  }

  /** A paragraph of a kind that the stylesheet knows. */
  public Page text(String kind, String paragraph) {
    element("p", kind, paragraph);
    return this;
  }

  /** How things stand, in words and a sign, so that it can't be missed. */
  public Page verdict(Mood mood, String sentence) {
    String sign = mood == Mood.GOOD ? "✓ " : mood == Mood.BAD ? "✗ " : "";
    element("p", "verdict " + mood.name().toLowerCase(Locale.ROOT), sign + sentence);
    return this;
  }

  /** How far something is. */
  public Page progress(String label, long done, long all) {
    body.append("<progress aria-label=\"").append(Printable.html(label)).append("\" value=\"");
    body.append(Math.min(done, all)).append("\" max=\"").append(all).append("\"></progress>\n");
    return this;
  }

  /** Numbers side by side. */
  public Page facts(List<Fact> facts) {
    body.append("<dl class=\"facts\">\n");
    for (Fact fact : facts) {
      body.append("<div>");
      inline("dt", fact.label());
      inline("dd", fact.value());
      if (!fact.note().isEmpty()) {
        body.append("<dd class=\"note\">").append(Printable.html(fact.note())).append("</dd>");
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
  public Page figures(List<Figure> figures) throws IOException {
    body.append("<div class=\"figures\">\n");
    for (Figure figure : figures) {
      body.append("<figure><img alt=\"")
          .append(Printable.html(figure.alternative()))
          .append("\" src=\"data:image/png;base64,")
          .append(Base64.getEncoder().encodeToString(Files.readAllBytes(figure.png())))
          .append("\">");
      inline("figcaption", figure.caption());
      body.append("</figure>\n");
    }
    body.append("</div>\n");
    return this;
  }

  /** Charts side by side. */
  public Page charts(List<Chart> charts) {
    body.append("<div class=\"charts\">\n");
    for (Chart chart : charts) {
      body.append("<figure>\n<figcaption><strong>").append(Printable.html(chart.title()));
      body.append("</strong> ").append(Printable.html(chart.note())).append("</figcaption>\n");
      body.append(chart.svg()).append('\n');
      chart.warnings().forEach(warning -> element("p", "warning", warning));
      body.append("</figure>\n");
    }
    body.append("</div>\n");
    return this;
  }

  /** A table of names and what they stand for. */
  public Page properties(String label, Map<String, String> rows) {
    openTable(label);
    rows.forEach(
        (name, value) -> {
          body.append("<tr><th scope=\"row\">").append(Printable.html(name)).append("</th>");
          inline("td", value);
          body.append("</tr>\n");
        });
    body.append("</table></div>\n");
    return this;
  }

  /** Text that is folded away behind a summary, as it is. */
  public Page details(String summary, String text, boolean open) {
    body.append(open ? "<details open>" : "<details>");
    inline("summary", summary);
    body.append("<pre>").append(Printable.markup(text)).append("</pre></details>\n");
    return this;
  }

  /** What is too wide scrolls on its own, which a keyboard must reach and a reader name. */
  private void openTable(String label) {
    body.append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    body.append(Printable.html(label)).append("\"><table>\n");
  }

  /**
   * A table.
   *
   * @param label what it is, for screen readers
   * @throws IllegalArgumentException if a row has another number of cells than there are columns
   */
  public Page table(String label, List<Column> columns, List<Row> rows) {
    openTable(label);
    body.append("<thead><tr>");
    columns.forEach(column -> cell("th scope=\"col\"", column, column.title()));
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

  /** Command lines to go on with. */
  public Page commands(List<CommandLine> commands) {
    String lines =
        commands.stream()
            .map(command -> "# " + command.what() + "\n./canbridge " + command.line())
            .collect(Collectors.joining("\n\n"));
    // A browser would break a line between the dashes and the name of an option.
    String whole = OPTION.matcher(Printable.markup(lines)).replaceAll("<span>$0</span>");
    body.append("<pre>").append(whole).append("</pre>\n");
    return this;
  }

  /** The whole page. */
  public String html() {
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
    if (refresh > 0) {
      lines.add("<meta http-equiv=\"refresh\" content=\"" + refresh + "\">");
    }
    lines.add("<title>" + Printable.html(title) + "</title>");
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
  public void writeTo(Path file) throws IOException {
    AtomicFile.write(file, html());
  }

  private void element(String name, String kind, String text) {
    body.append('<').append(name);
    if (!kind.isEmpty()) {
      body.append(" class=\"").append(kind).append('"');
    }
    body.append('>').append(Printable.html(text)).append("</").append(name).append(">\n");
  }

  private void inline(String name, String text) {
    body.append('<').append(name).append('>').append(Printable.html(text));
    body.append("</").append(name).append('>');
  }

  private void cell(String name, Column column, String text) {
    body.append('<').append(name).append(column.number() ? " class=\"number\">" : ">");
    body.append(Printable.html(text)).append("</").append(name.substring(0, 2)).append('>');
  }

  private static String style() {
    try (InputStream in = Page.class.getResourceAsStream("page.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("page.css", e);
    }
  }
}
