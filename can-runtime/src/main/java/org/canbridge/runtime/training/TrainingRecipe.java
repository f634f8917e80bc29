package org.canbridge.runtime.training;

import java.util.OptionalLong;
import java.util.Set;
import org.canbridge.importers.ModelConfig;
import org.canbridge.importers.cat.CatCondition;
import org.canbridge.importers.cat.CatConfig;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.uvit.UvitConfig;
import org.canbridge.runtime.ModelSampler;
import org.canbridge.runtime.TextInput;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.NoiseSchedule;
import org.canbridge.runtime.diffusion.TrainedSchedule;
import org.canbridge.runtime.training.data.TrainingSetOptions;

/**
 * How the authors of a family train it, which is what fine-tuning starts from; CaT, which nobody
 * published, as U-ViT.
 *
 * @param loss what it is trained for
 * @param shape of one image or latent
 * @param nullLabel what a dropped class becomes; empty for networks without classes
 * @param learningRate their learning rate
 * @param warmup steps in which their learning rate rises
 * @param optimizer their optimizer
 * @param drop share of conditions that they drop
 * @param latentScale factor of latents that are sampled from stored moments
 * @param fixed parameters that never move
 */
public record TrainingRecipe(
    DenoisingLoss loss,
    ImageShape shape,
    OptionalLong nullLabel,
    double learningRate,
    long warmup,
    AdamW optimizer,
    double drop,
    float latentScale,
    Set<String> fixed) {

  /** DiT's {@code train.py}: AdamW with PyTorch's betas and no decay, no clipping. */
  private static final AdamW DIT = new AdamW(0.9, 0.999, 1e-8, 0, 0);

  /** U-ViT's configs: class-conditional, text-conditional and unconditional models. */
  private static final AdamW UVIT_LABEL = new AdamW(0.99, 0.99, 1e-8, 0.03, 0);

  private static final AdamW UVIT_TEXT = new AdamW(0.9, 0.9, 1e-8, 0.03, 0);

  private static final AdamW UVIT_NONE = new AdamW(0.99, 0.999, 1e-8, 0.03, 0);

  /** U-ViT's config for MS-COCO. */
  private static final float COCO_SCALE = 0.23010f;

  /** Keeps its own copy. */
  public TrainingRecipe {
    fixed = Set.copyOf(fixed);
  }

  /**
   * The recipe for a network.
   *
   * @throws IllegalArgumentException if it is no diffusion model
   */
  public static TrainingRecipe of(ModelConfig config) {
    if (config instanceof DitConfig dit) {
      NoiseSchedule schedule = ModelSampler.schedule(config).discrete().orElseThrow();
      return new TrainingRecipe(
          dit.learnSigma()
              ? DenoisingLoss.hybrid(schedule, dit.inChannels())
              : DenoisingLoss.simple(schedule),
          new ImageShape(dit.inChannels(), dit.inputSize(), dit.inputSize()),
          OptionalLong.of(dit.numClasses()),
          1e-4,
          0,
          DIT,
          0.1,
          TrainingSetOptions.STABLE_DIFFUSION_SCALE,
          // A sine-cosine table in the authors' code, stored but not trained.
          Set.of("pos_embed"));
    }
    if (config instanceof UvitConfig uvit) {
      TrainedSchedule schedule = ModelSampler.schedule(config);
      boolean text = TextInput.of(config).isPresent();
      OptionalLong nullLabel =
          uvit.nullClass().isPresent()
              ? OptionalLong.of(uvit.nullClass().getAsInt())
              : OptionalLong.empty();
      return new TrainingRecipe(
          schedule
              .discrete()
              .map(DenoisingLoss::simple)
              .orElseGet(() -> DenoisingLoss.simple(schedule.continuous())),
          new ImageShape(uvit.inChans(), uvit.imgSize(), uvit.imgSize()),
          nullLabel,
          2e-4,
          5000,
          text ? UVIT_TEXT : nullLabel.isPresent() ? UVIT_LABEL : UVIT_NONE,
          text || nullLabel.isPresent() ? 0.1 : 0,
          text ? COCO_SCALE : TrainingSetOptions.STABLE_DIFFUSION_SCALE,
          Set.of());
    }
    if (config instanceof CatConfig cat) {
      boolean text = TextInput.of(config).isPresent();
      return new TrainingRecipe(
          DenoisingLoss.simple(ModelSampler.schedule(config).discrete().orElseThrow()),
          new ImageShape(cat.inChans(), cat.imgSize(), cat.imgSize()),
          cat.condition() instanceof CatCondition.Label label
              ? OptionalLong.of(label.numClasses())
              : OptionalLong.empty(),
          2e-4,
          5000,
          text ? UVIT_TEXT : UVIT_LABEL,
          0.1,
          text ? COCO_SCALE : TrainingSetOptions.STABLE_DIFFUSION_SCALE,
          Set.of());
    }
    throw new IllegalArgumentException(
        "there is no training for the architecture '" + config.architecture() + "'");
  }
}
