package org.canbridge.runtime.family.cat;

import java.util.Optional;
import org.canbridge.importers.cat.CatCondition;
import org.canbridge.importers.cat.CatConfig;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.family.Beginning;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.family.TextInput;
import org.canbridge.runtime.family.TrainingRecipe;
import org.canbridge.runtime.family.uvit.UvitRuntime;
import org.canbridge.runtime.graph.Graph;

/**
 * CaT, which nobody published: drawn and trained as U-ViT on latents, the paper's only baseline
 * both for classes and for text.
 *
 * @param config its arguments
 */
public record CatRuntime(CatConfig config) implements RuntimeFamily {

  @Override
  public Graph graph() {
    return Cat.graph(config);
  }

  @Override
  public RuntimeFamily ofSide(int side) {
    return new CatRuntime(CatConfig.of(config.arguments().with("img_size", side)));
  }

  @Override
  public ImageShape image() {
    return new ImageShape(config.inChans(), config.imgSize(), config.imgSize());
  }

  @Override
  public TrainingRecipe training() {
    return UvitRuntime.recipe(text().isPresent(), text().isEmpty());
  }

  @Override
  public Optional<TextInput> text() {
    return config.condition() instanceof CatCondition.Text text
        ? Optional.of(new TextInput(text.numClipToken(), text.clipDim()))
        : Optional.empty();
  }

  @Override
  public Optional<Beginning> beginning() {
    return Optional.of(new CatStart(config));
  }
}
