package org.canbridge.importers.family;

import java.util.Optional;

/** The arguments of a network under their published names; one record for each family. */
public interface ModelConfig {

  /** The family's name as it stands in {@code config.json}, e.g. {@code dit}. */
  String architecture();

  /** The arguments as {@code config.json} holds them; the family reads them back. */
  Arguments arguments();

  /** The arguments as people look at them; those of a graph are too many. */
  default Arguments shown() {
    return arguments();
  }

  /**
   * Why no published layout holds this network, with what to do instead; empty if one does, as for
   * all that was not rewritten here.
   */
  default Optional<String> unpublished() {
    return Optional.empty();
  }
}
