package org.canbridge.runtime.diffusion;

import java.util.Objects;

/**
 * What a stochastic run adds to the probability flow.
 *
 * @param form how much noise it replaces at each time
 * @param norm scale of that, positive
 * @param last how it ends
 * @param lastSize length of the last step in time, in (0, 1); nothing to {@link LastStep#NONE}
 */
public record SdeSettings(DiffusionForm form, double norm, LastStep last, double lastSize) {
  /** The usual choices of the SiT code. */
  public static final SdeSettings USUAL =
      new SdeSettings(DiffusionForm.SBDM, 1, LastStep.MEAN, 0.04);

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if norm or size is out of its range
   */
  public SdeSettings {
    Objects.requireNonNull(form);
    Objects.requireNonNull(last);
    if (!(norm > 0 && Double.isFinite(norm))) {
      throw new IllegalArgumentException("the diffusion's norm must be positive, not " + norm);
    }
    if (!(lastSize > 0 && lastSize < 1)) {
      throw new IllegalArgumentException(
          "the last step's size must lie between 0 and 1, not " + lastSize);
    }
  }
}
