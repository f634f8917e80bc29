package org.canbridge.runtime.diffusion;

/**
 * A network together with the conditions of its rows: row i of every call belongs to condition i.
 * Whatever depends on the conditions alone can be computed once, when they are bound; {@link
 * #close()} frees it.
 */
@FunctionalInterface
public interface DenoisingNetwork extends AutoCloseable {

  /**
   * One forward pass.
   *
   * @param x the states, {@code (N, C, H, W)}, N as many rows as conditions; not to be written to
   * @param timestep the timestep of all rows
   * @return {@code (N, C, H, W)}, or {@code (N, 2C, H, W)} with the learned variance in the second
   *     half of the channels, row-major
   */
  double[] forward(Latents x, double timestep);

  @Override
  default void close() {}
}
