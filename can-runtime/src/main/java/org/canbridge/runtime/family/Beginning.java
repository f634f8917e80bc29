package org.canbridge.runtime.family;

import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.model.Checkpoint;

/** How a network begins that nobody published weights of. */
public interface Beginning {

  /**
   * A network to begin training with.
   *
   * @param checkpoint the network, without generators
   * @param taken what was taken from a pretrained network: its tensor by the name of ours
   */
  record Start(Checkpoint checkpoint, Map<String, String> taken) {
    /** Keeps its own copy. */
    public Start {
      taken = Map.copyOf(taken);
    }
  }

  /**
   * Makes the network.
   *
   * @param pretrained a network whose modules it takes where they fit
   * @param seed of the random weights
   * @throws IllegalArgumentException if {@code pretrained} is of no family that it can take from;
   *     the message says what it must be
   */
  Start begin(Optional<Checkpoint> pretrained, long seed);
}
