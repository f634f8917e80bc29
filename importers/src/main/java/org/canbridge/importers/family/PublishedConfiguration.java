package org.canbridge.importers.family;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** How a library says in its {@code config.json} what its weights leave open. */
public interface PublishedConfiguration {

  /**
   * Its fields under our names. They answer questions and are held against what the tensors tell.
   *
   * @throws IllegalArgumentException if it describes a network that is none of this family; one
   *     reason a line
   */
  Arguments read(ObjectNode configuration);

  /** The configuration with which the library builds the network of these arguments. */
  ObjectNode write(Arguments arguments);

  /** What the library calls the file of the weights, without its ending. */
  String weightsName();
}
