package org.canbridge.experiments;

import java.util.ArrayList;
import java.util.List;

/**
 * One training run.
 *
 * @param seed of the random weights, the order of the examples, their noise and noise levels
 */
record Job(Start start, Row row, long seed) {

  /**
   * All runs in the order in which they are most useful if time runs out: from random weights
   * first, as in the paper; the main rows seed by seed, then the others.
   */
  static List<Job> all(int seeds) {
    List<Job> jobs = new ArrayList<>();
    for (Start start : List.of(Start.SCRATCH, Start.TRAINED)) {
      for (long seed = 1; seed <= seeds; seed++) {
        add(jobs, start, seed, true);
      }
      add(jobs, start, 1, false);
    }
    return jobs;
  }

  private static void add(List<Job> jobs, Start start, long seed, boolean main) {
    for (Row row : Row.values()) {
      if (row.isMain() == main && (row.isTrained() || start == Start.TRAINED)) {
        jobs.add(new Job(start, row, seed));
      }
    }
  }

  @Override
  public String toString() {
    return start.label() + "/" + row.label() + "/" + seed;
  }
}
