package org.canbridge.importers.family;

import java.util.List;

/**
 * What the shapes of a set of weights tell about the network.
 *
 * @param known the arguments that could be read off, in the order of the constructor
 * @param questions the arguments that cannot be
 * @param problems shapes that contradict each other or no network can have; a missing tensor is not
 *     named here, as the key map does that
 */
public record Inference(Arguments known, List<Question> questions, List<String> problems) {

  /** Copies the lists. */
  public Inference {
    questions = List.copyOf(questions);
    problems = List.copyOf(problems);
  }
}
