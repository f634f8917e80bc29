package org.canbridge.importers.keys;

import java.util.List;
import org.canbridge.tensors.TensorType;

/**
 * What became of one tensor of a file.
 *
 * @param source its name in the file
 * @param type its element type and shape in the file
 * @param outcome where it went
 */
public record KeyFate(String source, TensorType type, Outcome outcome) {

  /** One of three things happens to a key. */
  public sealed interface Outcome {}

  /**
   * The tensor is used.
   *
   * @param targets the canonical tensors that it fills, alone or together with others
   * @param transform the label of the transform, e.g. {@code copy}
   */
  public record Mapped(List<String> targets, String transform) implements Outcome {
    /** Copies the list. */
    public Mapped {
      targets = List.copyOf(targets);
    }
  }

  /**
   * The tensor is left out on purpose.
   *
   * @param reason e.g. {@code optimizer state}
   */
  public record Ignored(String reason) implements Outcome {}

  /**
   * The tensor does not fit, so the file is refused.
   *
   * @param problem what is wrong with it
   */
  public record Rejected(String problem) implements Outcome {}
}
