package org.canbridge.runtime.training.data;

import java.nio.file.Path;
import java.util.OptionalInt;
import org.canbridge.tensors.files.InputFileException;

/** Checks labels against the classes of the network. */
final class Labels {
  /** Most classes that a file may speak of; a number past it is no label. */
  private static final long MOST = 1 << 20;

  private Labels() {}

  /**
   * Checks one label.
   *
   * @param known the network's classes; empty if any label will do
   * @param key where in the file it stands; null if that is plain
   * @throws InputFileException if the network does not know it
   */
  static long require(long label, OptionalInt known, Path file, String key) {
    long end = known.isPresent() ? known.getAsInt() : MOST;
    if (label < 0 || label >= end) {
      throw InputFileException.of(DataProblem.EXAMPLE_LABEL, file)
          .what("a label is none of the network's classes")
          .expected("0 to " + (end - 1))
          .actual(label)
          .key(key)
          .next("import the network with as many classes as the data set has")
          .build();
    }
    return label;
  }

  /** Number of classes that labels speak of: one more than the largest. All are checked. */
  static int classes(long[] labels, OptionalInt known, Path file) {
    long largest = 0;
    for (int i = 0; i < labels.length; i++) {
      largest = Math.max(largest, require(labels[i], known, file, "label " + i));
    }
    return (int) largest + 1;
  }
}
