package org.canbridge.importers.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.keys.KeyProblem;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Printable;

/** Everything that does not fit between a file's tensors and a layout, in one message. */
public final class KeyReport {
  /** Lines that a terminal takes; {@code inspect} shows the rest. */
  private static final int SHOWN = 60;

  private static final int LONGEST_LINE = 400;

  private KeyReport() {}

  /**
   * The exception.
   *
   * @param layout what the tensors were expected to be
   * @param contradictions sizes that contradict each other
   * @param keys tensors that are missing, left over or of the wrong type
   */
  public static InputFileException exception(
      Path file, String layout, List<String> contradictions, List<KeyProblem> keys) {
    Map<KeyProblem.Kind, Integer> counts = new EnumMap<>(KeyProblem.Kind.class);
    List<String> lines = new ArrayList<>(contradictions);
    for (KeyProblem problem : keys) {
      counts.merge(problem.kind(), 1, Integer::sum);
      lines.add(Printable.atMost(LONGEST_LINE, problem.toString()));
    }
    List<String> summary = new ArrayList<>();
    if (!contradictions.isEmpty()) {
      summary.add(contradictions.size() + " impossible");
    }
    counts.forEach((kind, count) -> summary.add(count + " " + kind.label()));
    StringBuilder actual = new StringBuilder(String.join(", ", summary));
    for (String line : lines.subList(0, Math.min(SHOWN, lines.size()))) {
      actual.append("\n    ").append(line);
    }
    if (lines.size() > SHOWN) {
      actual.append("\n    ... and ").append(lines.size() - SHOWN).append(" more");
    }
    return InputFileException.of(ModelProblem.KEY_MISMATCH, file)
        .what("the tensors do not fit " + layout)
        .expected("each tensor of the layout once, with its shape, and no other")
        .actual(actual)
        .next(
            "get a complete copy of the file; canbridge inspect shows what becomes of each tensor")
        .build();
  }
}
