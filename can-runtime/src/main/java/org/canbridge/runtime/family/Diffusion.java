package org.canbridge.runtime.family;

import org.canbridge.importers.family.Objective;
import org.canbridge.runtime.diffusion.ClassLabels;
import org.canbridge.runtime.diffusion.Guidance;
import org.canbridge.runtime.diffusion.GuidanceInterval;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.TrainedSchedule;

/**
 * A network as a diffusion model: what sampling and training need to know beside its graph, which
 * takes {@code x (B, C, H, W)}, {@code t (B)} and {@code y (B)} or {@code context (B, N, D)}.
 *
 * @param shape of one image or latent
 * @param schedule what it was trained on
 * @param learnedVariance whether the second half of the output's channels is the variance value
 * @param labels what it is conditioned on; none for networks that take texts
 * @param usualGuidance guidance as in the authors' scripts; none for an unconditional model
 * @param latentScale factor of the autoencoder's latents
 * @param range that the numbers of an image have in the network
 */
public record Diffusion(
    ImageShape shape,
    TrainedSchedule schedule,
    boolean learnedVariance,
    ClassLabels labels,
    Guidance usualGuidance,
    float latentScale,
    Objective.Range range) {
  /** Downsampling of the Stable Diffusion autoencoder, whose latents all published models use. */
  public static final int PIXELS_PER_LATENT = 8;

  /**
   * A network as its objective says.
   *
   * @throws IllegalArgumentException if the objective's parameters make no path
   */
  public static Diffusion of(ImageShape shape, Objective objective) {
    return new Diffusion(
        shape,
        TrainedSchedule.of(objective),
        objective.learnedVariance(),
        new ClassLabels(objective.classes(), objective.nullClass()),
        new Guidance(
            objective.interpolatedGuidance(),
            objective.guidance().channels(),
            GuidanceInterval.ALWAYS),
        (float) objective.latentScale(),
        objective.range());
  }
}
