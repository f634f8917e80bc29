package org.canbridge.runtime.family;

import org.canbridge.runtime.graph.Graph;

/** An autoencoder: two graphs over one state dict, for any size of image. */
public interface LatentCodec {

  /** Channels L of the latents. */
  int latentChannels();

  /**
   * The encoder for images of one size: {@code image (B, C, H, W)} to {@code latent} or {@code
   * moments}, as the family says.
   *
   * @param space whose numbers the latents are, where the network knows the difference
   * @param height H, pixels
   * @param width W, pixels
   */
  Graph encoder(LatentSpace space, long height, long width);

  /**
   * The decoder for latents of one size: {@code latent (B, L, h, w)} to {@code decoded (B, C, H,
   * W)}, about -1..1.
   *
   * @param space whose numbers the latents are, where the network knows the difference
   * @param height h, latent pixels
   * @param width w, latent pixels
   */
  Graph decoder(LatentSpace space, long height, long width);
}
