package org.canbridge.runtime.training.watch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** The metrics of a run by column; terms are sorted by name. */
final class RunHistory {
  /** Over so many of the last lines the pace is measured. */
  private static final int RECENT = 200;

  final Series loss = new Series();
  final Series heldOut = new Series();
  final Series learningRate = new Series();
  final Series gradientNorm = new Series();
  final Series imagesPerSecond = new Series();
  final Map<String, Series> terms = new TreeMap<>();
  private final Series seconds = new Series();

  private RunHistory() {}

  /** The history in a file; an empty one if there is no file. */
  static RunHistory read(Path file) throws IOException {
    RunHistory history = new RunHistory();
    if (Files.exists(file)) {
      MetricsFile.forEach(file, history::add);
    }
    return history;
  }

  private void add(StepMetrics metrics) {
    long step = metrics.step();
    metrics.heldOut().ifPresent(value -> heldOut.add(step, value));
    if (step == 0) {
      return;
    }
    loss.add(step, metrics.loss());
    learningRate.add(step, metrics.learningRate());
    gradientNorm.add(step, metrics.gradientNorm());
    imagesPerSecond.add(step, metrics.imagesPerSecond());
    seconds.add(step, metrics.seconds());
    metrics
        .terms()
        .forEach((name, value) -> terms.computeIfAbsent(name, n -> new Series()).add(step, value));
  }

  /** The last step; 0 if there is none. */
  long step() {
    return loss.size() == 0 ? 0 : loss.step(loss.size() - 1);
  }

  /** How long the run has taken so far. */
  double seconds() {
    return seconds.size() == 0 ? 0 : seconds.value(seconds.size() - 1);
  }

  /** How long so many steps take at the pace of late. */
  double secondsFor(long steps) {
    int last = seconds.size() - 1;
    int first = Math.max(0, last - RECENT);
    double pace =
        last == first
            ? seconds() / step()
            : (seconds.value(last) - seconds.value(first))
                / (seconds.step(last) - seconds.step(first));
    return pace * steps;
  }
}
