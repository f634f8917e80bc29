package org.canbridge.runtime.family.autoencoder;

import java.util.Optional;
import org.canbridge.importers.autoencoder.AutoencoderKlConfig;
import org.canbridge.runtime.family.LatentCodec;
import org.canbridge.runtime.family.LatentSpace;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.graph.Graph;

/**
 * AutoencoderKL.
 *
 * @param config its arguments
 */
public record AutoencoderKlRuntime(AutoencoderKlConfig config)
    implements RuntimeFamily, LatentCodec {
  /** Cells on the side of Stable Diffusion's latent of 256 pixels. */
  static final int USUAL_SIDE = 32;

  @Override
  public Graph graph() {
    return decoder(LatentSpace.DIFFUSION, USUAL_SIDE, USUAL_SIDE);
  }

  @Override
  public Optional<LatentCodec> codec() {
    return Optional.of(this);
  }

  @Override
  public int latentChannels() {
    return config.latentChannels();
  }

  @Override
  public Graph encoder(LatentSpace space, long height, long width) {
    return AutoencoderKl.encoder(config, space, height, width);
  }

  @Override
  public Graph decoder(LatentSpace space, long height, long width) {
    return AutoencoderKl.decoder(config, space, height, width);
  }
}
