package org.canbridge.runtime;

import java.util.OptionalLong;
import org.canbridge.importers.ModelConfig;
import org.canbridge.importers.cat.CatCondition;
import org.canbridge.importers.cat.CatConfig;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.uvit.UvitConfig;
import org.canbridge.runtime.diffusion.ClassConditionalNetwork;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.Sampler;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.StepListener;
import org.canbridge.runtime.diffusion.TrainedSchedule;
import org.canbridge.runtime.engine.Session;

/**
 * What sampling needs to know about a model beyond its network.
 *
 * <pre>{@code
 * try (Model model = Model.open(Path.of("dit-fmnist"), ImportOptions.defaults());
 *     Session session = model.session(Precision.F32)) {
 *   Latents images =
 *       ModelSampler.of(model, session)
 *           .draw(SamplingSettings.of(SolverName.UNIPC, Respacing.even(20)).withGuidance(2), 0, 1);
 *   PngGrid.ofColumns(2).write(images, Path.of("clothes.png"), Map.of());
 * }
 * }</pre>
 *
 * @param sampler draws batches
 * @param shape of one image or latent
 * @param classes number of classes, without the null class; 1 for an unconditional model, whose
 *     images all have class 0
 * @param usualGuidance guidance scale of the authors' scripts, in the form where 1 is none; 1 for
 *     an unconditional model
 */
public record ModelSampler(Sampler sampler, ImageShape shape, int classes, double usualGuidance) {
  private static final double DIT_GUIDANCE = 4;

  /** The scripts say 0.4 and mean {@code cond + 0.4 (cond - null)}. For CaT it is our choice. */
  private static final double UVIT_GUIDANCE = 1.4;

  /** The same with the text-to-image script's 1. */
  private static final double UVIT_TEXT_GUIDANCE = 2;

  /** U-ViT's models of pixels have three channels; those of latents have four. */
  private static final int PIXEL_CHANNELS = 3;

  /**
   * A sampler that calls {@code session}.
   *
   * @throws IllegalArgumentException if images cannot be drawn from this family
   */
  public static ModelSampler of(Model model, Session session) {
    ModelConfig config = model.checkpoint().config();
    if (config instanceof DitConfig dit) {
      ImageShape shape = new ImageShape(dit.inChannels(), dit.inputSize(), dit.inputSize());
      OptionalLong nullLabel = OptionalLong.of(dit.numClasses());
      return new ModelSampler(
          new Sampler(new SessionNetwork(session), shape, TrainedSchedule.dit(), nullLabel),
          shape,
          dit.numClasses(),
          DIT_GUIDANCE);
    }
    if (TextInput.of(config).isPresent()) {
      throw new IllegalArgumentException(
          "this model is conditioned on text; prompts and a text encoder are needed");
    }
    if (config instanceof UvitConfig uvit) {
      return of(uvit, session);
    }
    if (config instanceof CatConfig cat && cat.condition() instanceof CatCondition.Label label) {
      ImageShape shape = shape(cat);
      OptionalLong nullLabel = OptionalLong.of(label.numClasses());
      return new ModelSampler(
          new Sampler(new SessionNetwork(session), shape, TrainedSchedule.cat(), nullLabel),
          shape,
          label.numClasses(),
          UVIT_GUIDANCE);
    }
    throw new IllegalArgumentException(
        "there is no sampling for the architecture '" + config.architecture() + "'");
  }

  /**
   * A sampler of a text-conditional model, whose classes are the texts.
   *
   * @throws IllegalArgumentException if the model takes no text, or features of another shape
   */
  public static ModelSampler of(Model model, Session session, TextConditions texts) {
    ModelConfig config = model.checkpoint().config();
    TextInput input =
        TextInput.of(config)
            .orElseThrow(
                () -> new IllegalArgumentException("this model is not conditioned on text"));
    TextInput given = new TextInput(texts.tokens(), texts.width());
    if (!input.equals(given)) {
      throw new IllegalArgumentException("the model takes features of " + input + ", not " + given);
    }
    ClassConditionalNetwork network =
        numbers -> SessionNetwork.bind(session, numbers.length, "context", texts.rows(numbers));
    boolean isUvit = config instanceof UvitConfig;
    ImageShape shape = isUvit ? shape((UvitConfig) config) : shape((CatConfig) config);
    TrainedSchedule schedule = schedule(config);
    return new ModelSampler(
        new Sampler(network, shape, schedule, OptionalLong.of(texts.texts())),
        shape,
        texts.texts(),
        UVIT_TEXT_GUIDANCE);
  }

  /**
   * The noise schedule that a network was trained on.
   *
   * @throws IllegalArgumentException if it is no diffusion model
   */
  public static TrainedSchedule schedule(ModelConfig config) {
    if (config instanceof DitConfig) {
      return TrainedSchedule.dit();
    }
    if (config instanceof UvitConfig uvit) {
      return schedule(uvit);
    }
    if (config instanceof CatConfig) {
      return TrainedSchedule.cat();
    }
    throw new IllegalArgumentException(
        "the architecture '" + config.architecture() + "' is no diffusion model");
  }

  private static ImageShape shape(UvitConfig uvit) {
    return new ImageShape(uvit.inChans(), uvit.imgSize(), uvit.imgSize());
  }

  private static ImageShape shape(CatConfig cat) {
    return new ImageShape(cat.inChans(), cat.imgSize(), cat.imgSize());
  }

  private static TrainedSchedule schedule(UvitConfig uvit) {
    return uvit.inChans() == PIXEL_CHANNELS
        ? TrainedSchedule.uvitPixel()
        : TrainedSchedule.uvitLatent();
  }

  private static ModelSampler of(UvitConfig uvit, Session session) {
    ImageShape shape = shape(uvit);
    OptionalLong nullLabel =
        uvit.nullClass().isPresent()
            ? OptionalLong.of(uvit.nullClass().getAsInt())
            : OptionalLong.empty();
    return new ModelSampler(
        new Sampler(new SessionNetwork(session), shape, schedule(uvit), nullLabel),
        shape,
        Math.toIntExact(nullLabel.orElse(1)),
        nullLabel.isPresent() ? UVIT_GUIDANCE : 1);
  }

  /** The same model, trained on another schedule than its family's published models. */
  public ModelSampler trainedOn(TrainedSchedule schedule) {
    return new ModelSampler(sampler.trainedOn(schedule), shape, classes, usualGuidance);
  }

  /**
   * Draws one batch.
   *
   * @param settings how
   * @param labels class of each image
   * @return the images or latents, {@code (B, C, H, W)}
   * @throws IllegalArgumentException if the settings or labels do not go with the model
   */
  public Latents draw(SamplingSettings settings, long... labels) {
    return sampler.sample(settings, labels, 0, StepListener.NONE, () -> false);
  }
}
