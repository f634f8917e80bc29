package org.canbridge.experiments;

import static org.canbridge.runtime.can.CanTarget.DWCONV;
import static org.canbridge.runtime.can.CanTarget.PAPER;
import static org.canbridge.runtime.can.CanTarget.PATCH_EMBED;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanMethod;
import org.canbridge.runtime.can.CanPlan;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.family.Control;

/** A network of the comparison: what is made of the published one before it is trained. */
enum Row {
  /** The bundled checkpoint as it is, not trained any further. */
  UNTRAINED("untrained", "not trained further", false),
  /** The DiT as it is: its adaptive layer norms are all the control that it has. */
  ADALN("adaln", "adaLN only", true),
  /** A U-ViT as it is: it is told its condition in tokens. */
  TOKENS("tokens", "condition tokens only", true),
  /** Depthwise convolutions whose weights are the same for all conditions. */
  STATIC("static", "static dwconv", false),
  /** Generated depthwise convolutions. */
  CAN_DWCONV("dwconv", "CAN: dwconv", true),
  /** The patch embedding too. */
  CAN_PATCH("dwconv+patch", "CAN: dwconv, patch", false),
  /** The output projections too: the paper's CAN. */
  CAN("can", "CAN: dwconv, patch, out_proj", true),
  /** The paper's CAN in place of the adaptive layer norms, or of the condition tokens. */
  CAN_ONLY("can-only", "CAN alone", false),
  /** The paper's CAN, its weights depending on the timestep. */
  CAN_TIME("can-time", "CAN, by time alone", false),
  /** The paper's CAN, its weights depending on the class. */
  CAN_CLASS("can-class", "CAN, by class alone", false),
  /** A mixture of kernels in place of generated ones, for the same layers. */
  SELECT("select", "kernel selection", false);

  private final String label;
  private final String title;
  private final boolean main;

  Row(String label, String title, boolean main) {
    this.label = label;
    this.title = title;
    this.main = main;
  }

  /**
   * The row of this name.
   *
   * @throws IllegalArgumentException if there is none
   */
  static Row of(String label) {
    return Arrays.stream(values())
        .filter(row -> row.label.equals(label))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("there is no row '" + label + "'"));
  }

  /** The name in results and on the command line. */
  @JsonValue
  String label() {
    return label;
  }

  /** The name in tables and pictures. */
  String title() {
    return title;
  }

  /** Whether it is trained with every seed; the others with the first. */
  boolean isMain() {
    return main;
  }

  /** Whether it is trained at all. */
  boolean isTrained() {
    return this != UNTRAINED;
  }

  /** What to make of the DiT; empty where it stays as it is. */
  Optional<CanPlan> plan() {
    return switch (this) {
      case UNTRAINED, ADALN, TOKENS -> Optional.empty();
      case STATIC -> Optional.of(byAll(List.of(DWCONV)).with(CanMethod.STATIC));
      case CAN_DWCONV -> Optional.of(byAll(List.of(DWCONV)));
      case CAN_PATCH -> Optional.of(byAll(List.of(DWCONV, PATCH_EMBED)));
      case CAN -> Optional.of(byAll(PAPER));
      case CAN_ONLY -> Optional.of(byAll(PAPER).with(Control.CAN_ONLY));
      case CAN_TIME -> Optional.of(CanPlan.paper(PAPER, CanCondition.TIME));
      case CAN_CLASS -> Optional.of(CanPlan.paper(PAPER, CanCondition.CLASS));
      case SELECT -> Optional.of(byAll(PAPER).with(CanMethod.SELECT));
    };
  }

  private static CanPlan byAll(List<CanTarget> targets) {
    return CanPlan.paper(targets, CanCondition.ALL);
  }
}
