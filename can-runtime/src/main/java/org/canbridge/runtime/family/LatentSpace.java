package org.canbridge.runtime.family;

/** Whose numbers the latents of an autoencoder are. */
public enum LatentSpace {
  /** The autoencoder's own: what diffusers' {@code encode} and {@code decode} mean. */
  AUTOENCODER,
  /**
   * The diffusion model's, {@code (z - shift) * scale}: what a sampler gives, and what the CompVis
   * code means.
   */
  DIFFUSION
}
