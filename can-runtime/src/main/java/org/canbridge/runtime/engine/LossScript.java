package org.canbridge.runtime.engine;

import java.util.List;

/**
 * A training objective as TorchScript text. It stands around the statements of the network: {@link
 * #before} makes the network's input {@code in_x} from what the objective is given, {@link #after}
 * makes the loss from what the network returns.
 */
public interface LossScript {

  /**
   * Names of the tensors that the objective is given in addition to the network's inputs; each is
   * the argument of the same name with {@code loss_} in front.
   */
  List<String> inputs();

  /** Names of the parts of the loss, as {@link #after} lists them. */
  List<String> terms();

  /** Statements, one a line, that assign {@code in_x}. */
  List<String> before();

  /**
   * Statements, one a line, that assign {@code terms}, the list of one tensor {@code (B)} for each
   * of {@link #terms}; their sum, averaged over the batch, is the loss.
   *
   * @param output name of the network's output, {@code (B, C, H, W)}, in the type of the objective
   */
  List<String> after(String output);
}
