package org.canbridge.runtime.diffusion;

import org.canbridge.tensors.files.Words;

/** How a stochastic run ends, where the score has no bound: one step without noise, or none. */
public enum LastStep {
  /** The run goes to its end in equal steps. */
  NONE("none"),
  /** The mean of the stochastic step. */
  MEAN("mean"),
  /** The estimate of the clean image (Tweedie's formula). */
  TWEEDIE("tweedie"),
  /** A step of the probability flow. */
  EULER("euler");

  private final String text;

  LastStep(String text) {
    this.text = text;
  }

  /** The name on the command line. */
  @Override
  public String toString() {
    return text;
  }

  /**
   * The constant of this name.
   *
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  public static LastStep parse(String text) {
    return Words.constant(
        values(), LastStep::toString, text, "there is no last step '%s'; there are %s");
  }
}
