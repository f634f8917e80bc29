package org.canbridge.runtime.training.watch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The pictures that a run drew while it trained, {@code samples/step-00000500.png}, newest first.
 *
 * @param shown those that the page holds
 * @param left how many others there are
 */
record SampleGrids(List<Grid> shown, int left) {
  /** The folder in a run's directory. */
  static final String FOLDER = "samples";

  private static final Pattern NAME = Pattern.compile("step-(\\d{1,18})\\.png");

  /**
   * A picture.
   *
   * @param step the number of steps done when it was drawn
   */
  record Grid(long step, Path file, long bytes) {}

  /**
   * Looks for pictures and chooses those that fit: the newest, the oldest to compare it with, then
   * from the newest back.
   *
   * @param budget the sum of the chosen files' sizes does not exceed it
   */
  static SampleGrids find(Path runDirectory, long budget) throws IOException {
    List<Grid> all = list(runDirectory.resolve(FOLDER));
    Set<Grid> fitting = new HashSet<>();
    long left = budget;
    for (Grid grid : byImportance(all)) {
      if (grid.bytes() > left) {
        break;
      }
      left -= grid.bytes();
      fitting.add(grid);
    }
    List<Grid> shown = all.stream().filter(fitting::contains).toList();
    return new SampleGrids(shown, all.size() - shown.size());
  }

  private static List<Grid> list(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    List<Grid> grids = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        if (name.matches() && Files.isRegularFile(file)) {
          grids.add(new Grid(Long.parseLong(name.group(1)), file, Files.size(file)));
        }
      }
    }
    grids.sort(Comparator.comparingLong(Grid::step).reversed());
    return grids;
  }

  private static List<Grid> byImportance(List<Grid> newestFirst) {
    List<Grid> order = new ArrayList<>(newestFirst);
    if (order.size() > 2) {
      order.add(1, order.remove(order.size() - 1));
    }
    return order;
  }
}
