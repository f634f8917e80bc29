package org.canbridge.importers.dit;

import org.canbridge.importers.Arguments;
import org.canbridge.importers.ModelConfig;
import org.canbridge.importers.keys.KeyMap;

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
  static final String ARCHITECTURE = "dit";

  /** Larger than any size a network has, and small enough that products of three fit a long. */
  private static final int MAX_SIZE = 1 << 20;

  /** Checks what the network's construction relies on. */
  public DitConfig {
    if (mlpHidden < 1) {
      throw new IllegalArgumentException("mlp_ratio gives the MLP no hidden units");
    }
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
    return ARCHITECTURE;
  }

  /**
   * Reads the arguments of a model directory.
   *
   * @throws IllegalArgumentException listing every argument that is missing, unknown or impossible
   */
  static DitConfig of(Arguments arguments) {
    Arguments.Reader reader = arguments.reader();
    int inputSize = reader.integer("input_size", 1, MAX_SIZE);
    int patchSize = reader.integer("patch_size", 1, MAX_SIZE);
    int inChannels = reader.integer("in_channels", 1, MAX_SIZE);
    int hiddenSize = reader.integer("hidden_size", 1, MAX_SIZE);
    int depth = reader.integer("depth", 1, KeyMap.MAX_REPEAT);
    int numHeads = reader.integer("num_heads", 1, MAX_SIZE);
    double mlpRatio = reader.positive("mlp_ratio");
    int numClasses = reader.integer("num_classes", 0, MAX_SIZE);
    boolean learnSigma = reader.flag("learn_sigma");
    int frequencies = reader.integer("frequency_embedding_size", 1, MAX_SIZE);
    reader.finish();
    return new DitConfig(
        inputSize,
        patchSize,
        inChannels,
        hiddenSize,
        depth,
        numHeads,
        mlpHidden(hiddenSize, mlpRatio),
        numClasses,
        learnSigma,
        frequencies);
  }

  @Override
  public Arguments arguments() {
    return Arguments.none()
        .with("input_size", inputSize)
        .with("patch_size", patchSize)
        .with("in_channels", inChannels)
        .with("hidden_size", hiddenSize)
        .with("depth", depth)
        .with("num_heads", numHeads)
        .with("mlp_ratio", mlpRatio(mlpHidden, hiddenSize))
        .with("num_classes", numClasses)
        .with("learn_sigma", learnSigma)
        .with("frequency_embedding_size", frequencyEmbeddingSize);
  }

  /** The hidden width of the MLP, {@code int(hiddenSize * ratio)} as in the authors' code. */
  static int mlpHidden(long hiddenSize, double ratio) {
    return (int) (hiddenSize * ratio);
  }

  /** A ratio that gives back the hidden width of the MLP, {@link #mlpHidden(long, double)}. */
  static double mlpRatio(long mlpHidden, long hiddenSize) {
    double ratio = (double) mlpHidden / hiddenSize;
    return mlpHidden(hiddenSize, ratio) == mlpHidden ? ratio : Math.nextUp(ratio);
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
