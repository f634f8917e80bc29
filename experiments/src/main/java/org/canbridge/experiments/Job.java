package org.canbridge.experiments;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One training run.
 *
 * @param seed of the random weights, the order of the examples, their noise and noise levels
 * @param learningRate at its highest
 */
record Job(Start start, Row row, long seed, double learningRate) {
  private static final String RATE = "@";

  /** With the usual learning rate. */
  Job(Start start, Row row, long seed) {
    this(start, row, seed, start.learningRate());
  }

  /**
   * All runs in the order in which they are most useful if time runs out: from the checkpoint
   * first, seed by seed the three rows of most interest, then the others; the U-ViT; other learning
   * rates last.
   */
  static List<Job> all(int seeds) {
    List<Job> jobs = new ArrayList<>();
    for (Start start : Start.values()) {
      for (long seed = 1; seed <= start.seeds(seeds); seed++) {
        add(jobs, start, seed, true);
      }
      add(jobs, start, 1, false);
    }
    for (double rate : Start.OTHER_RATES) {
      for (Row row : List.of(Row.ADALN, Row.CAN_DWCONV, Row.CAN)) {
        jobs.add(new Job(Start.TRAINED, row, 1, rate));
      }
    }
    return jobs;
  }

  private static void add(List<Job> jobs, Start start, long seed, boolean main) {
    start.rows().stream()
        .filter(row -> row.isMain() == main)
        .forEach(row -> jobs.add(new Job(start, row, seed)));
  }

  /**
   * The run of this name, as {@link #toString} gives it.
   *
   * @throws IllegalArgumentException if there is none
   */
  static Job of(String name) {
    String[] parts = name.split("/", -1);
    Start start =
        Arrays.stream(Start.values())
            .filter(s -> s.label().equals(parts[0]))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("there is no start in '" + name + "'"));
    String[] row = parts[1].split(RATE, -1);
    double rate = row.length > 1 ? Double.parseDouble(row[1]) : start.learningRate();
    return new Job(start, Row.of(row[0]), Long.parseLong(parts[2]), rate);
  }

  /** Whether the learning rate is its start's. */
  boolean isUsual() {
    return learningRate == start.learningRate();
  }

  /** Its name without the characters that a file's name cannot have. */
  String fileName() {
    return toString().replace('/', '-');
  }

  @Override
  public String toString() {
    String rate = isUsual() ? "" : RATE + learningRate;
    return start.label() + "/" + row.label() + rate + "/" + seed;
  }
}
