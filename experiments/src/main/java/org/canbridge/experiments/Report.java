package org.canbridge.experiments;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * The results as tables in Markdown: for each start one, with a row's mean and deviation over its
 * seeds, and one of the held-out loss by noise level; for the checkpoint one of learning rates.
 *
 * @param results of all runs there are
 * @param facts about the classifier
 */
record Report(List<RunResult> results, Eyes.Facts facts) {
  private static final double THOUSAND = 1000;
  private static final double HUNDRED = 100;

  /** Looks before this one do not count as a loss that has risen. */
  private static final int FIRST_LOOK = 1;

  /** The text between the marks of the page. */
  String markdown() {
    StringBuilder out = new StringBuilder();
    line(
        out,
        "Classifier: %,d training images, %d epochs, right on %.1f %% of %,d test images. As many"
            + " training images as are drawn from a network have a Frechet distance of %.2f.",
        facts.trainImages(),
        facts.epochs(),
        HUNDRED * facts.accuracy(),
        facts.testImages(),
        facts.frechetOfTrainImages());
    for (Start start : Start.values()) {
      table(out, start);
    }
    rates(out);
    return out.toString();
  }

  private void table(StringBuilder out, Start start) {
    List<RunResult> trained =
        results.stream()
            .filter(r -> r.start() == start && r.row().isTrained() && r.job().isUsual())
            .toList();
    if (trained.isEmpty()) {
      return;
    }
    RunResult any = trained.get(0);
    line(out, "");
    line(
        out,
        "### From %s: %,d steps of %d of %,d images, learning rate %s",
        switch (start) {
          case TRAINED -> "the bundled checkpoint";
          case SCRATCH -> "random weights";
          case UVIT -> "random weights, U-ViT";
        },
        any.steps(),
        any.batch(),
        any.examples(),
        any.learningRate());
    line(out, "");
    line(
        out,
        "| network | seeds | parameters | MACs | training loss | held-out loss | less that of %s"
            + " | highest on the way %% | Frechet | kernel | accuracy %% | guided Frechet | guided"
            + " accuracy %% |",
        start.base().title());
    line(out, "|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (Row row : start.rows()) {
      List<RunResult> runs = runs(start, row);
      if (!runs.isEmpty()) {
        line(out, "%s", text(row, runs));
      }
    }
    levels(out, start);
  }

  private List<RunResult> runs(Start start, Row row) {
    return results.stream()
        .filter(r -> r.start() == start && r.row() == row && r.job().isUsual())
        .toList();
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
    cells.add(spread(runs, r -> THOUSAND * r.heldOut().mean()).text(2));
    cells.add(difference(runs).map(d -> d.signed(2)).orElse(""));
    cells.add(trained ? spread(runs, r -> HUNDRED * highest(r)).signed(2) : "");
    cells.add(spread(runs, r -> r.drawn().get(0).frechet()).text(1));
    cells.add(spread(runs, r -> THOUSAND * r.drawn().get(0).kernel()).text(1));
    cells.add(spread(runs, r -> HUNDRED * r.drawn().get(0).accuracy()).text(1));
    cells.add(spread(runs, r -> r.drawn().get(1).frechet()).text(1));
    cells.add(spread(runs, r -> HUNDRED * r.drawn().get(1).accuracy()).text(1));
    return cells(cells);
  }

  /** The highest loss at a checkpoint, as a share of the first that is above it. */
  private static double highest(RunResult run) {
    double first = run.looks().get(0);
    return run.looks().stream().skip(FIRST_LOOK).mapToDouble(l -> l / first - 1).max().orElse(0);
  }

  private static String cells(List<String> cells) {
    return "| " + String.join(" | ", cells) + " |";
  }

  private static Spread spread(List<RunResult> runs, ToDoubleFunction<RunResult> value) {
    return Spread.of(runs.stream().map(value::applyAsDouble).toList());
  }

  /**
   * Of the held-out loss to the published network's of the same seed, which saw the same examples
   * and noise: with one seed the standard error over the images, with more the deviation over the
   * seeds; empty for that network itself.
   */
  private Optional<Spread> difference(List<RunResult> runs) {
    Map<Long, HeldOut> base = new TreeMap<>();
    Start start = runs.get(0).start();
    runs(start, start.base()).forEach(r -> base.put(r.seed(), r.heldOut()));
    List<Spread> differences =
        runs.stream()
            .filter(r -> r.row() != start.base() && base.containsKey(r.seed()))
            .map(r -> r.heldOut().less(base.get(r.seed())).times(THOUSAND))
            .toList();
    return switch (differences.size()) {
      case 0 -> Optional.empty();
      case 1 -> Optional.of(differences.get(0));
      default -> Optional.of(Spread.of(differences.stream().map(Spread::mean).toList()));
    };
  }

  private void levels(StringBuilder out, Start start) {
    List<RunResult> base = runs(start, start.base());
    if (base.isEmpty()) {
      return;
    }
    int count = base.get(0).heldOut().levels().size();
    line(out, "");
    line(
        out,
        "Held-out loss by noise level, in tenths from the least, less that of %s:",
        start.base().title());
    line(out, "");
    line(
        out,
        "| network | %s |",
        String.join(" | ", IntStream.rangeClosed(1, count).mapToObj(Integer::toString).toList()));
    line(out, "|---%s|", "|---".repeat(count));
    for (Row row : start.rows()) {
      List<RunResult> runs =
          runs(start, row).stream()
              .filter(r -> base.stream().anyMatch(b -> b.seed() == r.seed()))
              .toList();
      if (!runs.isEmpty()) {
        List<String> cells = new ArrayList<>(List.of(row.title()));
        for (int level = 0; level < count; level++) {
          int at = level;
          boolean own = row == start.base();
          double mean =
              spread(runs, r -> THOUSAND * (at(r, at) - (own ? 0 : at(same(base, r), at)))).mean();
          cells.add(String.format(Locale.ROOT, own ? "%.2f" : "%+.2f", mean));
        }
        line(out, "%s", cells(cells));
      }
    }
  }

  private static double at(RunResult run, int level) {
    return run.heldOut().levels().get(level);
  }

  private static RunResult same(List<RunResult> base, RunResult run) {
    return base.stream().filter(b -> b.seed() == run.seed()).findFirst().orElseThrow();
  }

  /** The first seed's held-out loss at every learning rate, where there is more than one. */
  private void rates(StringBuilder out) {
    List<RunResult> first =
        results.stream()
            .filter(r -> r.start() == Start.TRAINED && r.seed() == 1 && r.row().isTrained())
            .toList();
    List<Double> rates = first.stream().map(RunResult::learningRate).distinct().sorted().toList();
    if (rates.size() < 2) {
      return;
    }
    line(out, "");
    line(out, "### From the bundled checkpoint, held-out loss at other learning rates, seed 1");
    line(out, "");
    line(
        out,
        "| network | %s |",
        String.join(" | ", rates.stream().map(r -> Double.toString(r)).toList()));
    line(out, "|---%s|", "|---".repeat(rates.size()));
    for (Row row : Row.values()) {
      List<RunResult> runs = first.stream().filter(r -> r.row() == row).toList();
      if (runs.size() > 1) {
        List<String> cells = new ArrayList<>(List.of(row.title()));
        for (double rate : rates) {
          cells.add(
              runs.stream()
                  .filter(r -> r.learningRate() == rate)
                  .map(r -> String.format(Locale.ROOT, "%.2f", THOUSAND * r.heldOut().mean()))
                  .findFirst()
                  .orElse(""));
        }
        line(out, "%s", cells(cells));
      }
    }
  }

  private static void line(StringBuilder out, String format, Object... values) {
    out.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
