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
   * All runs in the order in which they are most useful if time runs out: the main rows from both
   * starts, seed by seed, then the others.
   */
  static List<Job> all(int seeds) {
    List<Job> jobs = new ArrayList<>();
    jobs.add(new Job(Start.TRAINED, Row.UNTRAINED, 1));
    for (long seed = 1; seed <= seeds; seed++) {
      add(jobs, seed, true);
    }
    add(jobs, 1, false);
    return jobs;
  }

  private static void add(List<Job> jobs, long seed, boolean main) {
    for (Start start : Start.values()) {
      for (Row row : Row.values()) {
        if (row.isTrained() && row.isMain() == main) {
          jobs.add(new Job(start, row, seed));
        }
      }
    }
  }

  @Override
  public String toString() {
    return start.label() + "/" + row.label() + "/" + seed;
  }
}
