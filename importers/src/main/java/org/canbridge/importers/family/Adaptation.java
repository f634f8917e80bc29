package org.canbridge.importers.family;

import java.util.OptionalInt;

/**
 * What is to be changed in a network while it is imported. The result is no longer the published
 * network, and says so.
 *
 * @param imageSize side of what the network takes: of the latent, for networks on latents
 * @param numClasses number of classes, as the network's own argument counts them
 */
public record Adaptation(OptionalInt imageSize, OptionalInt numClasses) {

  /** Nothing is changed. */
  public static final Adaptation NONE = new Adaptation(OptionalInt.empty(), OptionalInt.empty());
}
