package org.canbridge.runtime.family;

import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.family.Objective;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.TensorData;

/**
 * What the runtime knows of one network of a family: its graph, and what can be done with it. A
 * family implements it in a package of its own, with one line in {@code RuntimeFamilies}; what it
 * does not implement is refused, with the reason as message.
 */
public interface RuntimeFamily {

  /** The arguments of the network. */
  ModelConfig config();

  /**
   * The graph of the network with its own control. Of an autoencoder it is the decoder, for latents
   * of 32x32 from the diffusion model; of a text encoder the longest text without mask.
   */
  Graph graph();

  /**
   * The graph with the network's own control or without it.
   *
   * @throws IllegalArgumentException if it has no control that could go
   */
  default Graph graph(Control control) {
    if (control == Control.KEEP) {
      return graph();
    }
    throw new IllegalArgumentException(
        "the architecture '"
            + config().architecture()
            + "' has no control of its own that could go; control must be 'keep'");
  }

  /**
   * First values of the constants that stand for a control that went, by parameter of {@code
   * graph(Control.CAN_ONLY)}: what they stand for, on average.
   *
   * @param weights of {@link #graph()}
   * @param objective over whose times and labels they are on average
   * @param target that it runs on to find out, in float32
   */
  default Map<String, TensorData> constants(
      Map<String, TensorData> weights, Objective objective, Target target) {
    return Map.of();
  }

  /**
   * The network for square images or latents of another size.
   *
   * @param side their height and width, in {@link #pixelsPerCell} pixels
   * @throws IllegalArgumentException if they cannot be of this size
   */
  default RuntimeFamily ofSide(int side) {
    throw new IllegalArgumentException(
        "the architecture '" + config().architecture() + "' takes no image of a size of its own");
  }

  /** Pixels on the side of what the network takes as one: 8 where it works on latents. */
  default int pixelsPerCell() {
    return Diffusion.PIXELS_PER_LATENT;
  }

  /**
   * What it draws.
   *
   * @throws IllegalArgumentException if it is no diffusion model
   */
  default ImageShape image() {
    throw new IllegalArgumentException(
        "there is no sampling for the architecture '" + config().architecture() + "'");
  }

  /**
   * How the authors train it.
   *
   * @throws IllegalArgumentException if it cannot be trained here
   */
  default TrainingRecipe training() {
    throw new IllegalArgumentException(
        "there is no training for the architecture '" + config().architecture() + "'");
  }

  /** The features of a text that it takes as its condition; empty if it takes none. */
  default Optional<TextInput> text() {
    return Optional.empty();
  }

  /** It as an autoencoder, if it is one. */
  default Optional<LatentCodec> codec() {
    return Optional.empty();
  }

  /** It as an encoder of texts, if it is one. */
  default Optional<TextModel> textModel() {
    return Optional.empty();
  }

  /** How it begins where no weights were published, if that is so. */
  default Optional<Beginning> beginning() {
    return Optional.empty();
  }

  /**
   * The arguments of the network with its batch norms folded into its convolutions.
   *
   * @throws IllegalArgumentException if it has no batch norms (any more)
   */
  default ModelConfig withNormsFolded() {
    throw new IllegalArgumentException(
        "the architecture '"
            + config().architecture()
            + "' has no batch norms; there is nothing to fold");
  }
}
