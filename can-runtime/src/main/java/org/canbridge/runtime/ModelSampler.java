package org.canbridge.runtime;

import org.canbridge.importers.ModelConfig;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.NoiseSchedule;
import org.canbridge.runtime.diffusion.Sampler;
import org.canbridge.runtime.engine.Session;

/**
 * What sampling needs to know about a model beyond its network: shape of an image, schedule it was
 * trained on, null class.
 */
public final class ModelSampler {
  /**
   * Timesteps of the schedule that DiT was trained on: {@code diffusion/__init__.py} of
   * facebookresearch/DiT.
   */
  private static final int DIT_STEPS = 1000;

  private ModelSampler() {}

  /**
   * A sampler that calls {@code session}.
   *
   * @throws IllegalArgumentException if images cannot be drawn from this family
   */
  public static Sampler of(Model model, Session session) {
    ModelConfig config = model.checkpoint().config();
    if (config instanceof DitConfig dit) {
      ImageShape shape = new ImageShape(dit.inChannels(), dit.inputSize(), dit.inputSize());
      return new Sampler(
          new SessionNetwork(session), shape, NoiseSchedule.linear(DIT_STEPS), dit.numClasses());
    }
    throw new IllegalArgumentException(
        "there is no sampling for the architecture '" + config.architecture() + "'");
  }
}
