package org.canbridge.runtime.training.watch;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.canbridge.runtime.page.Page;
import org.canbridge.runtime.page.Page.Mood;

/**
 * A run's {@code index.html}: how far it is, its curves, the pictures it drew and its settings. It
 * is made from what lies in the run's directory: {@link MetricsFile#NAME} and {@code
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
  private final Page page;

  private TrainingPage(TrainingSummary summary, RunHistory history, SampleGrids grids) {
    this.summary = summary;
    this.history = history;
    this.grids = grids;
    this.page = new Page("Training of " + summary.model(), "").links(summary.links());
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
    TrainingPage made = new TrainingPage(summary, history, grids);
    made.status();
    made.curves();
    made.samples();
    made.settings();
    made.page.writeTo(runDirectory.resolve(NAME));
  }

  private void status() {
    long step = history.step();
    String place =
        "step "
            + Numbers.whole(step)
            + " of "
            + Numbers.whole(summary.totalSteps())
            + percent(step);
    switch (summary.state()) {
      case RUNNING -> page.refreshed(REFRESH_SECONDS).verdict(Mood.RUNNING, "Running: " + place);
      case FINISHED -> page.verdict(Mood.GOOD, "Finished: " + place);
      case INTERRUPTED -> page.verdict(Mood.HALTED, "Interrupted: " + place);
      case DIVERGED -> page.verdict(Mood.BAD, "Diverged: " + place);
    }
    if (!summary.remark().isEmpty()) {
      page.text("lead", summary.remark());
    }
    page.progress("steps done", step, summary.totalSteps());
    facts(step);
  }

  private String percent(long step) {
    double percent = 100.0 * step / summary.totalSteps();
    // 99.97 % is not 100 %: rounded down.
    return String.format(Locale.ROOT, " (%.1f %%)", Math.floor(10 * percent) / 10);
  }

  private void facts(long step) {
    List<Page.Fact> facts = new ArrayList<>();
    if (step > 0) {
      facts.add(recent("loss", history.loss, 4));
    }
    int measured = history.heldOut.size();
    if (measured > 0) {
      facts.add(
          new Page.Fact(
              "loss on examples held out",
              Numbers.brief(history.heldOut.value(measured - 1), 4),
              measured == 1
                  ? "before the first step"
                  : Numbers.brief(history.heldOut.value(0), 4) + " before"));
    }
    if (step > 0) {
      facts.add(new Page.Fact("time", Numbers.duration(history.seconds()), remaining(step)));
      facts.add(recent("images per second", history.imagesPerSecond, 3));
    }
    facts.add(
        new Page.Fact(
            "parameters trained",
            Numbers.whole(summary.trainedParameters()),
            "of " + Numbers.whole(summary.parameters())));
    page.facts(facts);
  }

  private String remaining(long step) {
    long left = summary.totalSteps() - step;
    return summary.state() == TrainingSummary.State.RUNNING && left > 0
        ? "about " + Numbers.duration(history.secondsFor(left)) + " to go"
        : "";
  }

  /** Where a curve ends: its moving average, if it is long, and the last value itself. */
  private static Page.Fact recent(String label, Series series, int digits) {
    String now = Numbers.brief(series.value(series.size() - 1), digits);
    if (!Curve.isLong(series)) {
      return new Page.Fact(label, now, "last step");
    }
    Series mean = Curve.mean(series);
    String average = mean.last() < 0 ? "–" : Numbers.brief(mean.value(mean.last()), digits);
    return new Page.Fact(label, average, "last step " + now);
  }

  private void curves() {
    page.section("Curves");
    if (history.step() == 0) {
      page.text("No step has been made yet.");
      return;
    }
    List<Curve> curves = new ArrayList<>();
    curves.add(new Curve("Loss", history.loss, false, true));
    if (history.heldOut.size() > 0) {
      curves.add(new Curve("Loss on examples held out", history.heldOut, false, false));
    }
    history.terms.forEach(
        (name, series) -> {
          // A loss of one term is that term.
          if (!series.sameAs(history.loss)) {
            curves.add(new Curve(name.replace('_', ' '), series, false, true));
          }
        });
    curves.add(new Curve("Learning rate", history.learningRate, true, false));
    curves.add(new Curve("Gradient norm", history.gradientNorm, false, true));
    curves.add(new Curve("Images per second", history.imagesPerSecond, true, true));
    page.charts(curves.stream().map(Curve::chart).toList());
  }

  private void samples() throws IOException {
    if (grids.shown().isEmpty() && grids.left() == 0) {
      return;
    }
    page.section("Samples");
    List<Page.Figure> figures = new ArrayList<>();
    for (SampleGrids.Grid grid : grids.shown()) {
      String step = Numbers.whole(grid.step());
      figures.add(new Page.Figure(grid.file(), "samples after step " + step, "step " + step));
    }
    page.figures(figures);
    if (grids.left() > 0) {
      String more = Numbers.whole(grids.left()) + " more in the folder " + SampleGrids.FOLDER;
      page.links(List.of(new Page.Link(more, SampleGrids.FOLDER + "/")));
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
    page.section("Settings").properties("Settings", rows);
  }
}
