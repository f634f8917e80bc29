package org.canbridge.experiments;

import java.util.List;

/**
 * How good a network is.
 *
 * @param heldOut on test images
 * @param drawn without guidance and with it
 */
record Scores(HeldOut heldOut, List<Drawn> drawn) {
  /** Keeps its own copy. */
  Scores {
    drawn = List.copyOf(drawn);
  }
}
