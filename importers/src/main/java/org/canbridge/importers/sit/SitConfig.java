package org.canbridge.importers.sit;

import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.ModelConfig;

/**
 * The arguments of a SiT (Ma et al. 2024): those of the DiT of the same sizes, whose constructor it
 * has. With {@code learn_sigma} the last layer gives twice the channels, of which it keeps the
 * first half.
 *
 * @param network the DiT
 */
public record SitConfig(DitConfig network) implements ModelConfig {
  static final String ARCHITECTURE = "sit";

  @Override
  public String architecture() {
    return ARCHITECTURE;
  }

  @Override
  public Arguments arguments() {
    return network.arguments();
  }
}
