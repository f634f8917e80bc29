package org.canbridge.runtime.family.dit;

import java.util.Map;
import java.util.Set;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.runtime.diffusion.ClassLabels;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.TrainedSchedule;
import org.canbridge.runtime.engine.AdamW;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.Control;
import org.canbridge.runtime.family.Diffusion;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.family.TrainingRecipe;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.training.data.TrainingSetOptions;
import org.canbridge.tensors.TensorData;

/**
 * DiT, as its authors trained it on latents of Stable Diffusion's autoencoder.
 *
 * @param config its arguments
 */
public record DitRuntime(DitConfig config) implements RuntimeFamily {
  private static final double GUIDANCE = 4;

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
  public Map<String, TensorData> constants(Map<String, TensorData> weights, Target target) {
    return MeanModulation.of(graph(), config.numClasses() + 1L, weights, target);
  }

  @Override
  public RuntimeFamily ofSide(int side) {
    return new DitRuntime(DitConfig.of(config.arguments().with("input_size", side)));
  }

  @Override
  public Diffusion diffusion() {
    return new Diffusion(
        new ImageShape(config.inChannels(), config.inputSize(), config.inputSize()),
        TrainedSchedule.dit(),
        config.learnSigma(),
        ClassLabels.withNull(config.numClasses()),
        GUIDANCE);
  }

  @Override
  public TrainingRecipe training() {
    return new TrainingRecipe(
        1e-4,
        0,
        OPTIMIZER,
        0.1,
        TrainingSetOptions.STABLE_DIFFUSION_SCALE,
        // A sine-cosine table in the authors' code, stored but not trained.
        Set.of("pos_embed"));
  }
}
