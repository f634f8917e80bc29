package org.canbridge.importers.dit;

import org.canbridge.importers.ModelConfig;

/**
 * The arguments of a DiT (Peebles and Xie, ICCV 2023) under the names of the authors' constructor.
 *
 * @param inputSize height and width of the latent (pixels; square)
 * @param patchSize side of a patch
 * @param inChannels channels of the latent
 * @param hiddenSize width D of the tokens
 * @param depth number of blocks
 * @param numHeads attention heads; the one argument that no tensor's shape tells
 * @param mlpHidden width of the MLP's hidden layer, {@code int(hiddenSize * mlp_ratio)}
 * @param numClasses classes without the null class; the label table has one row more
 * @param learnSigma whether the output has a second half of channels for the variance
 * @param frequencyEmbeddingSize width of the timestep sinusoid, 256 in every published model
 */
public record DitConfig(
    int inputSize,
    int patchSize,
    int inChannels,
    int hiddenSize,
    int depth,
    int numHeads,
    int mlpHidden,
    int numClasses,
    boolean learnSigma,
    int frequencyEmbeddingSize)
    implements ModelConfig {

  /** Checks what the network's construction relies on. */
  public DitConfig {
    if (inputSize % patchSize != 0) {
      throw new IllegalArgumentException(
          "input_size " + inputSize + " is not a multiple of patch_size " + patchSize);
    }
    if (hiddenSize % numHeads != 0) {
      throw new IllegalArgumentException(
          "hidden_size " + hiddenSize + " is not a multiple of num_heads " + numHeads);
    }
  }

  @Override
  public String architecture() {
    return "dit";
  }

  /** Channels of the output: twice {@link #inChannels} with learned variance. */
  public int outChannels() {
    return learnSigma ? 2 * inChannels : inChannels;
  }

  /** Patches along one side. */
  public int gridSize() {
    return inputSize / patchSize;
  }

  /** Number of tokens N. */
  public int tokens() {
    return gridSize() * gridSize();
  }
}
