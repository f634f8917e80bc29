package org.canbridge.runtime.network;

import java.util.Map;
import java.util.function.Function;
import org.canbridge.importers.ModelConfig;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.efficientvit.EfficientVitConfig;
import org.canbridge.importers.uvit.UvitConfig;
import org.canbridge.runtime.graph.Graph;

/** Every network that can be built, one line a family. */
public final class Networks {
  private static final Map<Class<? extends ModelConfig>, Function<ModelConfig, Graph>> BUILDERS =
      Map.of(
          DitConfig.class, config -> Dit.graph((DitConfig) config),
          UvitConfig.class, config -> Uvit.graph((UvitConfig) config),
          EfficientVitConfig.class, config -> EfficientVit.graph((EfficientVitConfig) config));

  private Networks() {}

  /**
   * The graph of the network with these arguments.
   *
   * @throws IllegalArgumentException if the family has no network here
   */
  public static Graph graph(ModelConfig config) {
    Function<ModelConfig, Graph> builder = BUILDERS.get(config.getClass());
    if (builder == null) {
      throw new IllegalArgumentException(
          "no network for the architecture '" + config.architecture() + "'");
    }
    return builder.apply(config);
  }
}
