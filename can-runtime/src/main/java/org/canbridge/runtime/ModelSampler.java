package org.canbridge.runtime;

import org.canbridge.importers.ModelConfig;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.NoiseSchedule;
import org.canbridge.runtime.diffusion.Sampler;
import org.canbridge.runtime.engine.Session;

/**
 * What sampling needs to know about a model beyond its network.
 *
 * @param sampler draws batches
 * @param shape of one image or latent
 * @param classes number of classes, without the null class
 */
public record ModelSampler(Sampler sampler, ImageShape shape, int classes) {
  /**
   * Timesteps of the schedule that DiT was trained on: {@code diffusion/__init__.py} of
   * facebookresearch/DiT.
   */
  private static final int DIT_STEPS = 1000;

  /**
   * A sampler that calls {@code session}.
   *
   * @throws IllegalArgumentException if images cannot be drawn from this family
   */
  public static ModelSampler of(Model model, Session session) {
    ModelConfig config = model.checkpoint().config();
    if (config instanceof DitConfig dit) {
      ImageShape shape = new ImageShape(dit.inChannels(), dit.inputSize(), dit.inputSize());
      NoiseSchedule schedule = NoiseSchedule.linear(DIT_STEPS);
      return new ModelSampler(
          new Sampler(new SessionNetwork(session), shape, schedule, dit.numClasses()),
          shape,
          dit.numClasses());
    }
    throw new IllegalArgumentException(
        "there is no sampling for the architecture '" + config.architecture() + "'");
  }
}
