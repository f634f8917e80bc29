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

  /** DiT's. */
  public static TrainedSchedule dit() {
    return TrainedSchedule.of(NoiseSchedule.linear(1000), Parameterization.EPSILON);
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
        NoiseSchedule.stableDiffusion().withFirstTimestep(1), Parameterization.EPSILON);
  }

  /** That of U-ViT's models of pixels. */
  public static TrainedSchedule uvitPixel() {
    return TrainedSchedule.of(
        new LinearVp(0.1, 20, new TimeScale(0, 999)), Parameterization.EPSILON);
  }
}
