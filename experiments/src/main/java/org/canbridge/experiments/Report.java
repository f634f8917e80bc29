package org.canbridge.experiments;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * The results as tables in Markdown: for each start one, with a row's mean and deviation over its
 * seeds.
 *
 * @param results of all runs there are
 * @param facts about the classifier
 */
record Report(List<RunResult> results, Eyes.Facts facts) {
  private static final double THOUSAND = 1000;

  /** The text between the marks of the page. */
  String markdown() {
    StringBuilder out = new StringBuilder();
    line(
        out,
        "Classifier: %,d training images, %d epochs, right on %.1f %% of %,d test images. As many"
            + " training images as are drawn from a network have a Frechet distance of %.2f.",
        facts.trainImages(),
        facts.epochs(),
        100 * facts.accuracy(),
        facts.testImages(),
        facts.frechetOfTrainImages());
    for (Start start : Start.values()) {
      table(out, start);
    }
    return out.toString();
  }

  private void table(StringBuilder out, Start start) {
    List<RunResult> trained =
        results.stream().filter(r -> r.start() == start && r.row().isTrained()).toList();
    if (trained.isEmpty()) {
      return;
    }
    RunResult any = trained.get(0);
    line(out, "");
    line(
        out,
        "### From %s: %,d steps of %d of %,d images, learning rate %s",
        start == Start.TRAINED ? "the bundled checkpoint" : "random weights",
        any.steps(),
        any.batch(),
        any.examples(),
        any.learningRate());
    line(out, "");
    line(
        out,
        "| network | seeds | parameters | MACs | training loss | held-out loss | held-out loss less"
            + " that of adaLN | Frechet | accuracy %% |");
    line(out, "|---|---|---|---|---|---|---|---|---|");
    for (Row row : Row.values()) {
      List<RunResult> runs = runs(start, row);
      if (!runs.isEmpty()) {
        line(out, "%s", text(row, runs));
      }
    }
  }

  private List<RunResult> runs(Start start, Row row) {
    return results.stream().filter(r -> r.start() == start && r.row() == row).toList();
  }

  private String text(Row row, List<RunResult> runs) {
    RunResult any = runs.get(0);
    boolean trained = row.isTrained();
    List<String> cells = new ArrayList<>();
    cells.add(row.title());
    cells.add(trained ? Integer.toString(runs.size()) : "");
    cells.add(String.format(Locale.ROOT, "%.2fM", any.parameters() / 1e6));
    cells.add(String.format(Locale.ROOT, "%.1fM", any.macs() / 1e6));
    cells.add(trained ? spread(runs, r -> THOUSAND * r.trainLoss()).text(2) : "");
    cells.add(spread(runs, r -> THOUSAND * r.heldOut()).text(2));
    cells.add(difference(runs).map(d -> d.signed(2)).orElse(""));
    cells.add(spread(runs, RunResult::frechet).text(1));
    cells.add(spread(runs, r -> 100 * r.accuracy()).text(1));
    return "| " + String.join(" | ", cells) + " |";
  }

  private static Spread spread(List<RunResult> runs, ToDoubleFunction<RunResult> value) {
    return Spread.of(runs.stream().map(value::applyAsDouble).toList());
  }

  /**
   * Of the held-out loss to the DiT's of the same seed, which saw the same examples and noise;
   * empty for that itself.
   */
  private Optional<Spread> difference(List<RunResult> runs) {
    Map<Long, Double> base = new TreeMap<>();
    runs(runs.get(0).start(), Row.ADALN).forEach(r -> base.put(r.seed(), r.heldOut()));
    List<Double> differences =
        runs.stream()
            .filter(r -> r.row() != Row.ADALN && base.containsKey(r.seed()))
            .map(r -> THOUSAND * (r.heldOut() - base.get(r.seed())))
            .toList();
    return differences.isEmpty() ? Optional.empty() : Optional.of(Spread.of(differences));
  }

  private static void line(StringBuilder out, String format, Object... values) {
    out.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
