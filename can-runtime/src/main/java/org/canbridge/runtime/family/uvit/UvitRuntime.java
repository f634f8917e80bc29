package org.canbridge.runtime.family.uvit;

import java.util.Optional;
import java.util.Set;
import org.canbridge.importers.uvit.UvitCondition;
import org.canbridge.importers.uvit.UvitConfig;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.engine.AdamW;
import org.canbridge.runtime.family.Control;
import org.canbridge.runtime.family.Diffusion;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.family.TextInput;
import org.canbridge.runtime.family.TrainingRecipe;
import org.canbridge.runtime.graph.Graph;

/**
 * U-ViT, as its authors trained it on pixels or on latents of Stable Diffusion's autoencoder.
 *
 * @param config its arguments
 */
public record UvitRuntime(UvitConfig config) implements RuntimeFamily {
  /** The models of pixels have three channels; those of latents have four. */
  private static final int PIXEL_CHANNELS = 3;

  /** The configs of class-conditional, text-conditional and unconditional models. */
  private static final AdamW LABEL_OPTIMIZER = new AdamW(0.99, 0.99, 1e-8, 0.03, 0);

  private static final AdamW TEXT_OPTIMIZER = new AdamW(0.9, 0.9, 1e-8, 0.03, 0);

  private static final AdamW OPTIMIZER = new AdamW(0.99, 0.999, 1e-8, 0.03, 0);

  @Override
  public Graph graph() {
    return Uvit.graph(config);
  }

  @Override
  public Graph graph(Control control) {
    return Uvit.graph(config, control);
  }

  @Override
  public RuntimeFamily ofSide(int side) {
    return new UvitRuntime(UvitConfig.of(config.arguments().with("img_size", side)));
  }

  @Override
  public int pixelsPerCell() {
    return onPixels() ? 1 : Diffusion.PIXELS_PER_LATENT;
  }

  private boolean onPixels() {
    return config.inChans() == PIXEL_CHANNELS;
  }

  @Override
  public ImageShape image() {
    return new ImageShape(config.inChans(), config.imgSize(), config.imgSize());
  }

  @Override
  public TrainingRecipe training() {
    return recipe(text().isPresent(), config.nullClass().isPresent());
  }

  @Override
  public Optional<TextInput> text() {
    return config.condition() instanceof UvitCondition.Text text
        ? Optional.of(new TextInput(text.numClipToken(), text.clipDim()))
        : Optional.empty();
  }

  /**
   * The authors' settings.
   *
   * @param text whether the network takes text
   * @param classes whether it takes classes
   */
  public static TrainingRecipe recipe(boolean text, boolean classes) {
    return new TrainingRecipe(
        2e-4,
        text ? TEXT_OPTIMIZER : classes ? LABEL_OPTIMIZER : OPTIMIZER,
        text || classes ? 0.1 : 0,
        Set.of());
  }
}
