package org.canbridge.runtime;

import java.util.Optional;
import org.canbridge.importers.family.Objective;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.engine.RunningNetwork;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.family.Diffusion;
import org.canbridge.runtime.family.TextInput;

/**
 * What images are drawn from: a running network, and what must be known of it for that.
 *
 * @param objective what it was trained for
 * @param shape of one image or latent
 * @param text what it takes as {@code context}; empty if it takes labels or nothing
 * @param network stays its owner's
 */
public record SampledModel(
    Objective objective, ImageShape shape, Optional<TextInput> text, RunningNetwork network) {

  /**
   * A model's network.
   *
   * @throws IllegalArgumentException if images cannot be drawn from this family
   */
  public static SampledModel of(Model model, Session session) {
    ImageShape shape = model.family().image();
    return new SampledModel(model.objective().orElseThrow(), shape, model.family().text(), session);
  }

  /** It as a diffusion model. */
  public Diffusion diffusion() {
    return Diffusion.of(shape, objective);
  }
}
