package org.canbridge.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How often something was tried, and how often it came out right. */
final class ChaosTally {
  private final Map<String, int[]> rows = new LinkedHashMap<>();
  private final List<String> wrong = new ArrayList<>();

  /**
   * Counts one.
   *
   * @param row of the table
   * @param how what was done, for the report of what came out wrong
   * @param problem empty if it came out right
   */
  void count(String row, String how, String problem) {
    int[] counts = rows.computeIfAbsent(row, name -> new int[2]);
    counts[0]++;
    if (problem.isEmpty()) {
      counts[1]++;
    } else {
      String all = row + ", " + how + ": " + problem;
      System.out.println("WRONG " + all);
      wrong.add(all);
    }
  }

  List<String> wrong() {
    return wrong;
  }

  void clear() {
    rows.clear();
    wrong.clear();
  }

  int tried() {
    return rows.values().stream().mapToInt(counts -> counts[0]).sum();
  }

  /** The table. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    int right = 0;
    for (Map.Entry<String, int[]> row : rows.entrySet()) {
      text.append(line(row.getKey(), row.getValue()[0], row.getValue()[1]));
      right += row.getValue()[1];
    }
    return text.append(line("together", tried(), right)).toString();
  }

  private static String line(String name, int tried, int right) {
    return String.format("%-44s tried %4d, right %4d%n", name, tried, right);
  }
}
