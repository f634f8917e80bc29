package org.canbridge.runtime.diffusion;

/** A network that is conditioned on a class for every row. */
@FunctionalInterface
public interface ClassConditionalNetwork {

  /**
   * Binds the classes.
   *
   * @param labels class of each row, the null class included
   * @return the network for batches of {@code labels.length} rows; the caller closes it
   */
  DenoisingNetwork bind(long[] labels);
}
