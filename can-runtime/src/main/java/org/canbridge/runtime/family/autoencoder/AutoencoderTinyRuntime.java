package org.canbridge.runtime.family.autoencoder;

import java.util.Optional;
import org.canbridge.importers.autoencoder.AutoencoderTinyConfig;
import org.canbridge.runtime.family.LatentCodec;
import org.canbridge.runtime.family.LatentSpace;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.graph.Graph;

/**
 * TAESD, whose latents are the diffusion model's in both spaces.
 *
 * @param config its arguments
 */
public record AutoencoderTinyRuntime(AutoencoderTinyConfig config)
    implements RuntimeFamily, LatentCodec {

  @Override
  public Graph graph() {
    return AutoencoderTiny.decoder(
        config, AutoencoderKlRuntime.USUAL_SIDE, AutoencoderKlRuntime.USUAL_SIDE);
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
    return AutoencoderTiny.encoder(config, height, width);
  }

  @Override
  public Graph decoder(LatentSpace space, long height, long width) {
    return AutoencoderTiny.decoder(config, height, width);
  }
}
