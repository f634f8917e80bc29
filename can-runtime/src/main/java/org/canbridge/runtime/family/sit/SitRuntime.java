package org.canbridge.runtime.family.sit;

import java.util.Map;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.sit.SitConfig;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.Control;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.family.TrainingRecipe;
import org.canbridge.runtime.family.dit.Dit;
import org.canbridge.runtime.family.dit.DitRuntime;
import org.canbridge.runtime.family.dit.MeanModulation;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.TensorData;

/**
 * SiT, {@code models.py} of willisma/SiT: a DiT that keeps the first half of its channels, trained
 * as a DiT is ({@code train.py}) but for what it predicts.
 *
 * @param config its arguments
 */
public record SitRuntime(SitConfig config) implements RuntimeFamily {

  @Override
  public Graph graph() {
    return graph(Control.KEEP);
  }

  @Override
  public Graph graph(Control control) {
    return Dit.graphWithoutVariance(config.network(), control);
  }

  @Override
  public Map<String, TensorData> constants(
      Map<String, TensorData> weights, Objective objective, Target target) {
    return MeanModulation.of(graph(), objective, weights, target);
  }

  @Override
  public RuntimeFamily ofSide(int side) {
    return new SitRuntime(new SitConfig(DitConfig.of(config.arguments().with("input_size", side))));
  }

  @Override
  public ImageShape image() {
    return network().image();
  }

  @Override
  public TrainingRecipe training() {
    return network().training();
  }

  private DitRuntime network() {
    return new DitRuntime(config.network());
  }
}
