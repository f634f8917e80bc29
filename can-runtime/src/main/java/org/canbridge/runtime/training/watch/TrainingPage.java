package org.canbridge.runtime.training.watch;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.canbridge.tensors.files.AtomicFile;
import org.canbridge.tensors.files.Printable;

/**
 * A run's {@code index.html}: how far it is, its curves, the pictures it drew and its settings. One
 * file that holds its pictures and needs nothing else, no script and no network; readable in light
 * and dark. It is made from what lies in the run's directory: {@link MetricsFile#NAME} and {@code
 * samples/step-<number>.png}.
 */
public final class TrainingPage {
  /** The page's name in a run's directory. */
  public static final String NAME = "index.html";

  /** Base64 makes a third more of it; with the curves the page stays below 5 MB. */
  private static final long PICTURE_BYTES = 3_400_000;

  /** How often a browser looks for the next version of a running training's page. */
  private static final int REFRESH_SECONDS = 60;

  private final TrainingSummary summary;
  private final RunHistory history;
  private final SampleGrids grids;
  private final StringBuilder out = new StringBuilder();

  private TrainingPage(TrainingSummary summary, RunHistory history, SampleGrids grids) {
    this.summary = summary;
    this.history = history;
    this.grids = grids;
  }

  /**
   * Writes the page, whole or not at all; the one that was there is replaced.
   *
   * @param runDirectory an existing directory; metrics and pictures may be missing from it
   * @throws org.canbridge.tensors.files.InputFileException if the metrics are malformed
   * @throws IOException if a file cannot be read, or the page not be written
   */
  public static void write(Path runDirectory, TrainingSummary summary) throws IOException {
    RunHistory history = RunHistory.read(runDirectory.resolve(MetricsFile.NAME));
    SampleGrids grids = SampleGrids.find(runDirectory, PICTURE_BYTES);
    String html = new TrainingPage(summary, history, grids).html();
    AtomicFile.write(runDirectory.resolve(NAME), html);
  }

  private String html() throws IOException {
    head();
    status();
    curves();
    samples();
    settings();
    line("</main>");
    line("</body>");
    line("</html>");
    return out.toString();
  }

  private void head() {
    line("<!doctype html>");
    line("<html lang=\"en\">");
    line("<head>");
    line("<meta charset=\"utf-8\">");
    line("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    line("<meta name=\"color-scheme\" content=\"light dark\">");
    // The browser itself keeps the promise that the page loads nothing.
    line(
        "<meta http-equiv=\"Content-Security-Policy\""
            + " content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">");
    if (summary.state() == TrainingSummary.State.RUNNING) {
      line("<meta http-equiv=\"refresh\" content=\"" + REFRESH_SECONDS + "\">");
    }
    line("<title>" + Printable.html(title()) + "</title>");
    line("<style>\n" + style() + "</style>");
    line("</head>");
    line("<body>");
    line("<main>");
    line("<h1>" + Printable.html(title()) + "</h1>");
  }

  private String title() {
    return "Training of " + summary.model();
  }

  private static String style() {
    try (InputStream css = TrainingPage.class.getResourceAsStream("training.css")) {
      return new String(css.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("training.css is missing from the jar", e);
    }
  }

  private void status() {
    long step = history.step();
    String place =
        "step "
            + Numbers.whole(step)
            + " of "
            + Numbers.whole(summary.totalSteps())
            + percent(step);
    String kind =
        switch (summary.state()) {
          case RUNNING -> "running";
          case FINISHED -> "good";
          case INTERRUPTED -> "halted";
          case DIVERGED -> "bad";
        };
    String word =
        switch (summary.state()) {
          case RUNNING -> "Running: ";
          case FINISHED -> "✓ Finished: ";
          case INTERRUPTED -> "Interrupted: ";
          case DIVERGED -> "✗ Diverged: ";
        };
    line("<p class=\"verdict " + kind + "\">" + Printable.html(word + place) + "</p>");
    if (!summary.remark().isEmpty()) {
      line("<p class=\"lead\">" + Printable.html(summary.remark()) + "</p>");
    }
    line(
        "<progress aria-label=\"steps done\" value=\""
            + Math.min(step, summary.totalSteps())
            + "\" max=\""
            + summary.totalSteps()
            + "\"></progress>");
    facts(step);
  }

  private String percent(long step) {
    double percent = 100.0 * step / summary.totalSteps();
    // 99.97 % is not 100 %: rounded down.
    return String.format(Locale.ROOT, " (%.1f %%)", Math.floor(10 * percent) / 10);
  }

  private void facts(long step) {
    line("<dl class=\"facts\">");
    if (step > 0) {
      recent("loss", history.loss, 4);
      fact("time", Numbers.duration(history.seconds()), remaining(step));
      recent("images per second", history.imagesPerSecond, 3);
    }
    fact(
        "parameters trained",
        Numbers.whole(summary.trainedParameters()),
        "of " + Numbers.whole(summary.parameters()));
    line("</dl>");
  }

  private String remaining(long step) {
    long left = summary.totalSteps() - step;
    return summary.state() == TrainingSummary.State.RUNNING && left > 0
        ? "about " + Numbers.duration(history.secondsFor(left)) + " to go"
        : "";
  }

  /** Where a curve ends: its moving average, if it is long, and the last value itself. */
  private void recent(String label, Series series, int digits) {
    String now = Numbers.brief(series.value(series.size() - 1), digits);
    if (!Chart.isLong(series)) {
      fact(label, now, "last step");
      return;
    }
    Series mean = Chart.mean(series);
    String average = mean.last() < 0 ? "–" : Numbers.brief(mean.value(mean.last()), digits);
    fact(label, average, "last step " + now);
  }

  private void fact(String label, String value, String note) {
    out.append("<div><dt>").append(Printable.html(label)).append("</dt>");
    out.append("<dd>").append(Printable.html(value)).append("</dd>");
    if (!note.isEmpty()) {
      out.append("<dd class=\"note\">").append(Printable.html(note)).append("</dd>");
    }
    line("</div>");
  }

  private void curves() {
    line("<h2>Curves</h2>");
    if (history.step() == 0) {
      line("<p>No step has been made yet.</p>");
      return;
    }
    line("<div class=\"charts\">");
    out.append(fitted("Loss", history.loss, true));
    history.terms.forEach(
        (name, series) -> {
          // A loss of one term is that term.
          if (!series.sameAs(history.loss)) {
            out.append(fitted(name.replace('_', ' '), series, false));
          }
        });
    out.append(
        new Chart(
                "Learning rate",
                history.learningRate,
                Axis.fromZero(history.learningRate),
                false,
                false)
            .figure());
    out.append(fitted("Gradient norm", history.gradientNorm, false));
    out.append(
        new Chart(
                "Images per second",
                history.imagesPerSecond,
                Axis.fromZero(history.imagesPerSecond),
                true,
                false)
            .figure());
    line("</div>");
  }

  private static String fitted(String title, Series series, boolean wide) {
    return new Chart(title, series, Axis.fitting(series), true, wide).figure();
  }

  private void samples() throws IOException {
    if (grids.shown().isEmpty() && grids.left() == 0) {
      return;
    }
    line("<h2>Samples</h2>");
    line("<div class=\"figures\">");
    for (SampleGrids.Grid grid : grids.shown()) {
      String step = Numbers.whole(grid.step());
      out.append("<figure><img alt=\"samples after step ").append(step);
      out.append("\" src=\"data:image/png;base64,");
      out.append(Base64.getEncoder().encodeToString(Files.readAllBytes(grid.file())));
      line("\"><figcaption>step " + step + "</figcaption></figure>");
    }
    line("</div>");
    if (grids.left() > 0) {
      line(
          "<p><a href=\""
              + SampleGrids.FOLDER
              + "/\">"
              + Numbers.whole(grids.left())
              + " more in the folder "
              + SampleGrids.FOLDER
              + "</a></p>");
    }
  }

  private void settings() {
    Map<String, String> rows = new LinkedHashMap<>();
    rows.put("model", summary.model());
    rows.put(
        "parameters",
        Numbers.whole(summary.trainedParameters())
            + " trained of "
            + Numbers.whole(summary.parameters()));
    rows.put("steps", Numbers.whole(summary.totalSteps()));
    rows.putAll(summary.settings());
    line("<h2>Settings</h2>");
    line("<div class=\"scroll\"><table>");
    rows.forEach(
        (name, value) ->
            line(
                "<tr><th scope=\"row\">"
                    + Printable.html(name)
                    + "</th><td>"
                    + Printable.html(value)
                    + "</td></tr>"));
    line("</table></div>");
  }

  private void line(String text) {
    out.append(text).append('\n');
  }
}
