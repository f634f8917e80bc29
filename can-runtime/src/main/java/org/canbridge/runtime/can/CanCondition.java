package org.canbridge.runtime.can;

import org.apiguardian.api.API;
import org.canbridge.runtime.graph.Role;
import org.canbridge.tensors.files.Words;

/** What the generated weights depend on: CAN (arXiv 2404.01143), Table 2. */
@API(status = API.Status.STABLE)
public enum CanCondition {
  /** The diffusion timestep. */
  TIME("time", Role.TIME_EMBED),
  /** The class label. */
  CLASS("class", Role.LABEL_EMBED),
  /** Both: the network's own condition embedding, the sum of the two. */
  ALL("all", Role.CONDITION);

  private final String label;
  private final Role role;

  CanCondition(String label, Role role) {
    this.label = label;
    this.role = role;
  }

  /** The name on the command line and in {@code config.json}. */
  public String label() {
    return label;
  }

  /** The role of the node whose value, {@code (B, D)}, goes into the generators. */
  Role role() {
    return role;
  }

  /**
   * The condition of this name.
   *
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  public static CanCondition of(String label) {
    return Words.constant(
        values(), CanCondition::label, label, "unknown condition '%s'; conditions are %s");
  }
}
