package org.canbridge.runtime.training.watch;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A run's numbers as comma-separated values: a row a step, for spreadsheets and data frames. What
 * was not measured at a step is an empty cell; numbers that are not finite are {@code NaN}, {@code
 * Infinity} and {@code -Infinity}.
 *
 * @param terms names of the parts of the loss
 */
record MetricsTable(List<String> terms) {
  /** Its name in a run's directory. */
  static final String NAME = "metrics.csv";

  /** The first row, with its line feed. */
  String header() {
    return Stream.of(
                List.of("step", "loss"),
                terms,
                List.of(
                    "learning_rate", "gradient_norm", "images_per_second", "seconds", "held_out"))
            .flatMap(List::stream)
            .collect(Collectors.joining(","))
        + "\n";
  }

  /** A step's row, with its line feed. */
  String row(StepMetrics metrics) {
    List<Object> cells = new ArrayList<>();
    cells.add(metrics.step());
    boolean step = metrics.step() > 0;
    cells.add(step ? metrics.loss() : "");
    terms.forEach(name -> cells.add(step ? metrics.terms().getOrDefault(name, Double.NaN) : ""));
    cells.add(step ? metrics.learningRate() : "");
    cells.add(step ? metrics.gradientNorm() : "");
    cells.add(step ? metrics.imagesPerSecond() : "");
    cells.add(metrics.seconds());
    cells.add(metrics.heldOut().isPresent() ? metrics.heldOut().getAsDouble() : "");
    return cells.stream().map(Object::toString).collect(Collectors.joining(",")) + "\n";
  }
}
