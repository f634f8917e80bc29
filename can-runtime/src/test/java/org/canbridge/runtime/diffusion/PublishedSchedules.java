package org.canbridge.runtime.diffusion;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.canbridge.importers.dit.DitFamily;
import org.canbridge.importers.family.Arguments;
import org.canbridge.runtime.objective.LinearVp;
import org.canbridge.runtime.objective.NoiseSchedule;
import org.canbridge.runtime.objective.Parameterization;
import org.canbridge.runtime.objective.TimeScale;

/** What published models were trained on. */
public final class PublishedSchedules {
  private PublishedSchedules() {}

  /**
   * Betas rise linearly from 0.1 / steps to 20 / steps: 0.0001 to 0.02 for the 1000 steps of DDPM
   * and DiT.
   *
   * @param steps number of timesteps, more than 20
   */
  public static NoiseSchedule linear(int steps) {
    double scale = 1000.0 / steps;
    return NoiseSchedule.linear(steps, scale * 0.0001, scale * 0.02);
  }

  /**
   * Stable Diffusion's schedule, on which U-ViT's latent models were trained: {@link
   * NoiseSchedule#scaledLinear} with 1000 steps from 0.00085 to 0.012.
   */
  public static NoiseSchedule stableDiffusion() {
    return NoiseSchedule.scaledLinear(1000, 0.00085, 0.012);
  }

  /** DiT's. */
  public static TrainedSchedule dit() {
    return TrainedSchedule.of(PublishedSchedules.linear(1000), Parameterization.EPSILON);
  }

  /** What a scheduler of diffusers tells of a DiT. */
  static TrainedSchedule trained(ObjectNode configuration) {
    DitFamily dit = new DitFamily();
    Arguments any = dit.published().get(0).arguments();
    return DiffusersScheduler.trained(dit.objective(dit.config(any)).orElseThrow(), configuration);
  }

  /** That of U-ViT's models of latents. */
  public static TrainedSchedule uvitLatent() {
    return TrainedSchedule.of(
        PublishedSchedules.stableDiffusion().withFirstTimestep(1), Parameterization.EPSILON);
  }

  /** That of U-ViT's models of pixels. */
  public static TrainedSchedule uvitPixel() {
    return TrainedSchedule.of(
        new LinearVp(0.1, 20, new TimeScale(0, 999)), Parameterization.EPSILON);
  }
}
