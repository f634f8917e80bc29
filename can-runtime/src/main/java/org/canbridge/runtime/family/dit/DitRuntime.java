package org.canbridge.runtime.family.dit;

import java.util.Map;
import java.util.Set;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.family.Objective;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.engine.AdamW;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.Control;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.family.TrainingRecipe;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.TensorData;

/**
 * DiT, as its authors trained it on latents of Stable Diffusion's autoencoder.
 *
 * @param config its arguments
 */
public record DitRuntime(DitConfig config) implements RuntimeFamily {
  /** {@code train.py}: AdamW with PyTorch's betas and no decay, no clipping. */
  private static final AdamW OPTIMIZER = new AdamW(0.9, 0.999, 1e-8, 0, 0);

  @Override
  public Graph graph() {
    return Dit.graph(config);
  }

  @Override
  public Graph graph(Control control) {
    return Dit.graph(config, control);
  }

  @Override
  public Map<String, TensorData> constants(
      Map<String, TensorData> weights, Objective objective, Target target) {
    return MeanModulation.of(graph(), objective, weights, target);
  }

  @Override
  public RuntimeFamily ofSide(int side) {
    return new DitRuntime(DitConfig.of(config.arguments().with("input_size", side)));
  }

  @Override
  public ImageShape image() {
    return new ImageShape(config.inChannels(), config.inputSize(), config.inputSize());
  }

  @Override
  public TrainingRecipe training() {
    return new TrainingRecipe(
        1e-4,
        OPTIMIZER,
        0.1,
        // A sine-cosine table in the authors' code, stored but not trained.
        Set.of("pos_embed"));
  }
}
