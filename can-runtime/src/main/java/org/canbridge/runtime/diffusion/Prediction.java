package org.canbridge.runtime.diffusion;

import java.util.Optional;

/**
 * What a {@link Denoiser} says about a state.
 *
 * @param epsilon the noise in the state, {@code (B, C, H, W)}
 * @param variance the learned variance value v, {@code (B, C, H, W)}: -1 stands for the smallest
 *     possible log variance of the reverse step, 1 for the largest (Nichol and Dhariwal 2021);
 *     empty where the network does not learn it
 */
public record Prediction(Latents epsilon, Optional<Latents> variance) {}
