package org.canbridge.runtime.training;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.canbridge.runtime.LatentDecoder;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.ModelSampler;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.family.Diffusion;
import org.canbridge.runtime.image.PngGrid;
import org.canbridge.runtime.objective.Respacing;

/**
 * The picture that shows how far a training is: the first classes, some images of each, always from
 * the same noise, drawn with UniPC in 20 steps and mild guidance.
 *
 * @param model what is trained
 * @param classes columns of the picture
 * @param rows images of each class
 * @param decoder turns latents into pictures, for models of latents
 */
public record SampleSheet(Model model, int classes, int rows, Optional<LatentDecoder> decoder) {
  private static final int STEPS = 20;
  private static final int MOST_CLASSES = 10;

  /** Of DiT's figures by numbers; 4, its figures for the eye, burns small pictures out. */
  private static final double GUIDANCE = 1.5;

  /**
   * The sheet of a model; empty if its images cannot be shown (latents without a decoder, or a
   * model that needs text).
   *
   * @throws IllegalArgumentException if the model is no diffusion model
   */
  public static Optional<SampleSheet> of(Model model, int rows, Optional<LatentDecoder> decoder) {
    Diffusion diffusion = model.diffusion();
    boolean shown = decoder.isPresent() || PngGrid.canShow(diffusion.shape());
    if (!shown || model.family().text().isPresent()) {
      return Optional.empty();
    }
    int classes = Math.min(MOST_CLASSES, Math.max(1, diffusion.labels().classes()));
    return Optional.of(new SampleSheet(model, classes, rows, decoder));
  }

  /**
   * Draws it.
   *
   * @param network the model's network with the weights to be shown
   * @throws IOException if it cannot be written
   */
  void write(Session network, Path file, Map<String, String> text) throws IOException {
    ModelSampler sampler = ModelSampler.of(model, network);
    SamplingSettings settings =
        SamplingSettings.of(SolverName.UNIPC, Respacing.even(STEPS))
            .withGuidance(Math.min(GUIDANCE, sampler.usualGuidance().scale()));
    long[] labels = LongStream.range(0, (long) classes * rows).map(i -> i % classes).toArray();
    Latents drawn = sampler.draw(settings, labels);
    PngGrid.ofColumns(classes)
        .write(decoder.isPresent() ? decoder.get().decode(drawn) : drawn, file, text);
  }
}
