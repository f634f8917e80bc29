package org.canbridge.experiments;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.canbridge.runtime.training.TrainingRun;
import org.canbridge.runtime.training.watch.StepMetrics;

/**
 * Looks at the held-out loss before the first step and every so many steps. A line a look, the step
 * and the loss; after a kill a step may be there twice, with the same number.
 *
 * @param file of the lines
 * @param every so many steps
 * @param look measures the loss
 */
record Looks(Path file, int every, Look look) implements TrainingRun.Watcher {

  /** Measures a loss. */
  interface Look {
    double measure() throws IOException;
  }

  @Override
  public void started(long done) {
    if (done == 0) {
      write(0);
    }
  }

  @Override
  public void stepped(StepMetrics metrics) {
    if (metrics.step() % every == 0) {
      write(metrics.step());
    }
  }

  @Override
  public boolean wantsStop() {
    return false;
  }

  private void write(long step) {
    try {
      Files.writeString(
          file,
          step + " " + look.measure() + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The losses, in the order of their steps. */
  static List<Double> read(Path file) throws IOException {
    SortedMap<Long, Double> losses = new TreeMap<>();
    for (String line : Files.readAllLines(file)) {
      String[] words = line.split(" ", -1);
      losses.put(Long.parseLong(words[0]), Double.parseDouble(words[1]));
    }
    return new ArrayList<>(losses.values());
  }
}
