package org.canbridge.runtime.graph;

/**
 * What a network is trained for, as two graphs around its own. Their arithmetic is float32 at
 * least, whatever the network's is.
 */
public interface Loss {
  /** The network's input that the loss makes. */
  String MADE = "x";

  /** The network's output, as an input of {@link #after}. */
  String OUTPUT = "output";

  /**
   * The graph in front of the network: its inputs are what the loss takes, in this order; its
   * output {@link #MADE} is the network's input of that name.
   */
  Graph before(Graph network);

  /**
   * The graph behind the network. It may take all inputs of {@link #before}, {@link #MADE} and
   * {@link #OUTPUT}; each of its outputs is a part of the loss, {@code (B)}. The mean over the
   * batch of their sum is what the weights are moved to lower.
   */
  Graph after(Graph network);
}
