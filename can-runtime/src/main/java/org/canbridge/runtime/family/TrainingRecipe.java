package org.canbridge.runtime.family;

import java.util.Set;
import org.canbridge.runtime.engine.AdamW;

/**
 * How the authors of a family train it, which is what fine-tuning starts from.
 *
 * @param learningRate their learning rate
 * @param optimizer their optimizer
 * @param drop share of conditions that they drop
 * @param fixed parameters that never move
 */
public record TrainingRecipe(double learningRate, AdamW optimizer, double drop, Set<String> fixed) {

  /** Keeps its own copy. */
  public TrainingRecipe {
    fixed = Set.copyOf(fixed);
  }
}
