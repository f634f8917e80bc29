package org.canbridge.importers.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How a library says in its {@code config.json} what its weights leave open. */
public interface PublishedConfiguration {

  /**
   * Its fields under our names. They answer questions and are held against what the tensors tell.
   *
   * @throws IllegalArgumentException if it describes a network that is none of this family; one
   *     reason a line
   */
  Arguments read(ObjectNode configuration);

  /**
   * The configuration with which the library builds the network of these arguments.
   *
   * @param arguments none that {@link #refusal} is about
   */
  ObjectNode write(Arguments arguments);

  /** Why the library cannot build the network of these arguments; empty if it can. */
  default Optional<String> refusal(Arguments arguments) {
    return Optional.empty();
  }

  /** What who runs it in the library's pipeline must know of this network, in one sentence. */
  default Optional<String> remark(Arguments arguments) {
    return Optional.empty();
  }

  /**
   * Arguments that the library's network has whatever its configuration says.
   *
   * @param arguments those of the network that it is to build
   */
  default Arguments fixed(Arguments arguments) {
    return Arguments.none();
  }

  /** What the configuration calls the classes; see {@code Checkpoint.classNames}. */
  default Map<Integer, List<String>> classNames(ObjectNode configuration) {
    return Map.of();
  }

  /** Writes down what the classes are called, where the library has a place for it. */
  default void writeClassNames(Map<Integer, List<String>> names, ObjectNode configuration) {}

  /** What the library calls the file of the weights, without its ending. */
  String weightsName();
}
