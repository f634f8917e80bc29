package org.canbridge.runtime;

import org.apiguardian.api.API;
import org.canbridge.runtime.diffusion.ClassConditionalNetwork;
import org.canbridge.runtime.diffusion.ClassLabels;
import org.canbridge.runtime.diffusion.Guidance;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.Sampler;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.StepListener;
import org.canbridge.runtime.diffusion.TrainedSchedule;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.family.Diffusion;
import org.canbridge.runtime.family.NetworkInput;
import org.canbridge.runtime.family.TextInput;

/**
 * What sampling needs to know about a model beyond its network.
 *
 * <pre>{@code
 * try (Model model = Model.open(Path.of("dit-fmnist"), ImportOptions.defaults());
 *     Session session = model.session(Target.F32)) {
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
 * @param usualGuidance guidance as in the authors' scripts; none for an unconditional model
 */
@API(status = API.Status.STABLE)
public record ModelSampler(Sampler sampler, ImageShape shape, int classes, Guidance usualGuidance) {
  /**
   * A sampler that calls {@code session}.
   *
   * @throws IllegalArgumentException if images cannot be drawn from this family
   */
  public static ModelSampler of(Model model, Session session) {
    return of(SampledModel.of(model, session));
  }

  /**
   * A sampler that calls the model's network.
   *
   * @throws IllegalArgumentException if it takes text
   */
  public static ModelSampler of(SampledModel model) {
    if (model.text().isPresent()) {
      throw new IllegalArgumentException(
          "this model is conditioned on text; prompts and a text encoder are needed");
    }
    Diffusion diffusion = model.diffusion();
    return of(diffusion, new SessionNetwork(model.network()), diffusion.labels());
  }

  /**
   * A sampler of a text-conditional model, whose classes are the texts.
   *
   * @throws IllegalArgumentException if the model takes no text, or features of another shape
   */
  public static ModelSampler of(Model model, Session session, TextConditions texts) {
    return of(SampledModel.of(model, session), texts);
  }

  /** As {@link #of(Model, Session, TextConditions)}. */
  public static ModelSampler of(SampledModel model, TextConditions texts) {
    TextInput input =
        model
            .text()
            .orElseThrow(
                () -> new IllegalArgumentException("this model is not conditioned on text"));
    TextInput given = new TextInput(texts.tokens(), texts.width());
    if (!input.equals(given)) {
      throw new IllegalArgumentException("the model takes features of " + input + ", not " + given);
    }
    ClassConditionalNetwork network =
        numbers ->
            SessionNetwork.bind(
                model.network(), numbers.length, NetworkInput.TEXT.label(), texts.rows(numbers));
    return of(model.diffusion(), network, ClassLabels.withNull(texts.texts()));
  }

  private static ModelSampler of(
      Diffusion diffusion, ClassConditionalNetwork network, ClassLabels labels) {
    return new ModelSampler(
        new Sampler(network, diffusion.shape(), diffusion.schedule(), labels).of(diffusion.range()),
        diffusion.shape(),
        Math.max(1, labels.classes()),
        diffusion.usualGuidance());
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
