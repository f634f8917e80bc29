package org.canbridge.benchmarks;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Times several things by turns, so that what else the machine does at the time hits all of them
 * alike. JMH runs one after the other, which on a shared machine compares hours of the day.
 */
final class Turns {
  private static final double NANOS = 1e6;

  private final Map<String, Runnable> subjects = new LinkedHashMap<>();

  /** Adds something to time; the first is what the others are compared with. */
  Turns add(String name, Runnable subject) {
    subjects.put(name, subject);
    return this;
  }

  /**
   * Prints for each subject the median and the least of its milliseconds, and the median over all
   * rounds of its time relative to that of the first one in the same round.
   *
   * @return those ratios, in the order of the subjects
   */
  double[] run(String title, int warmUp, int rounds, PrintStream out) {
    double[][] times = new double[subjects.size()][rounds];
    for (int round = -warmUp; round < rounds; round++) {
      int i = 0;
      for (Runnable subject : subjects.values()) {
        long start = System.nanoTime();
        subject.run();
        double time = (System.nanoTime() - start) / NANOS;
        if (round >= 0) {
          times[i][round] = time;
        }
        i++;
      }
    }
    out.printf("%s%n  %-28s %9s %9s %7s%n", title, "", "median ms", "least ms", "ratio");
    double[] medians = new double[times.length];
    int i = 0;
    for (String name : subjects.keySet()) {
      double[] own = times[i];
      double[] ratios = new double[rounds];
      Arrays.setAll(ratios, round -> own[round] / times[0][round]);
      medians[i++] = median(ratios);
      out.printf(
          "  %-28s %9.2f %9.2f %7.3f%n",
          name, median(own), Arrays.stream(own).min().orElseThrow(), medians[i - 1]);
    }
    return medians;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }
}
