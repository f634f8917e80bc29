package org.canbridge.runtime.family;

import java.util.Map;
import java.util.function.Function;
import org.canbridge.importers.ModelConfig;
import org.canbridge.importers.autoencoder.AutoencoderKlConfig;
import org.canbridge.importers.autoencoder.AutoencoderTinyConfig;
import org.canbridge.importers.cat.CatConfig;
import org.canbridge.importers.clip.ClipTextConfig;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.efficientvit.EfficientVitConfig;
import org.canbridge.importers.uvit.UvitConfig;
import org.canbridge.runtime.family.autoencoder.AutoencoderKl;
import org.canbridge.runtime.family.autoencoder.AutoencoderTiny;
import org.canbridge.runtime.family.autoencoder.LatentSpace;
import org.canbridge.runtime.family.cat.Cat;
import org.canbridge.runtime.family.clip.ClipText;
import org.canbridge.runtime.family.dit.Dit;
import org.canbridge.runtime.family.efficientvit.EfficientVit;
import org.canbridge.runtime.family.uvit.Uvit;
import org.canbridge.runtime.graph.Graph;

/**
 * Every network that can be built, one line a family. Of an autoencoder it is the decoder, for
 * latents of 32x32 from the diffusion model; of a text encoder the longest text without mask.
 */
public final class Networks {
  private static final Map<Class<? extends ModelConfig>, Function<ModelConfig, Graph>> BUILDERS =
      Map.of(
          DitConfig.class, config -> Dit.graph((DitConfig) config),
          UvitConfig.class, config -> Uvit.graph((UvitConfig) config),
          EfficientVitConfig.class, config -> EfficientVit.graph((EfficientVitConfig) config),
          CatConfig.class, config -> Cat.graph((CatConfig) config),
          AutoencoderKlConfig.class, config -> decoder((AutoencoderKlConfig) config),
          AutoencoderTinyConfig.class, config -> decoder((AutoencoderTinyConfig) config),
          ClipTextConfig.class, config -> text((ClipTextConfig) config));

  private static final int LATENT_SIDE = 32;

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

  /**
   * The graph of the network with these arguments, with its own control or without it.
   *
   * @throws IllegalArgumentException if the family has no network here, or no control that could go
   */
  public static Graph graph(ModelConfig config, Control control) {
    if (control == Control.KEEP) {
      return graph(config);
    }
    if (config instanceof DitConfig dit) {
      return Dit.graph(dit, control);
    }
    if (config instanceof UvitConfig uvit) {
      return Uvit.graph(uvit, control);
    }
    throw new IllegalArgumentException(
        "the architecture '"
            + config.architecture()
            + "' has no control of its own that could go; control must be 'keep'");
  }

  private static Graph decoder(AutoencoderKlConfig config) {
    return AutoencoderKl.decoder(config, LatentSpace.DIFFUSION, LATENT_SIDE, LATENT_SIDE);
  }

  private static Graph decoder(AutoencoderTinyConfig config) {
    return AutoencoderTiny.decoder(config, LATENT_SIDE, LATENT_SIDE);
  }

  private static Graph text(ClipTextConfig config) {
    return ClipText.graph(config, ClipText.Padding.SEEN, config.maxPositionEmbeddings());
  }
}
