package org.canbridge.importers.dit;

import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.ModelConfig;
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
 * @param timestepFrequencyShift what the sinusoid's exponent subtracts from half its width: 0 in
 *     the authors' code, 1 in diffusers, where the same weights so give other results
 * @param normEps eps of the norm in front of the MLP: 1e-6 in the authors' code, {@code norm_eps}
 *     in diffusers; the other norms have 1e-6 in both
 * @param perBlockEmbedders whether every block has timestep and label embedders of its own, which
 *     diffusers' layout can hold; the final layer then uses those of block 0
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
    int frequencyEmbeddingSize,
    int timestepFrequencyShift,
    double normEps,
    boolean perBlockEmbedders)
    implements ModelConfig {
  static final String ARCHITECTURE = "dit";

  /** {@link #timestepFrequencyShift} of the authors' code. */
  static final int OFFICIAL_SHIFT = 0;

  /** {@link #normEps} of the authors' code. */
  static final double OFFICIAL_EPS = 1e-6;

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

  /** A network as the authors' code computes it, with one embedder for all blocks. */
  public DitConfig(
      int inputSize,
      int patchSize,
      int inChannels,
      int hiddenSize,
      int depth,
      int numHeads,
      int mlpHidden,
      int numClasses,
      boolean learnSigma,
      int frequencyEmbeddingSize) {
    this(
        inputSize,
        patchSize,
        inChannels,
        hiddenSize,
        depth,
        numHeads,
        mlpHidden,
        numClasses,
        learnSigma,
        frequencyEmbeddingSize,
        OFFICIAL_SHIFT,
        OFFICIAL_EPS,
        false);
  }

  /** The same network with the arithmetic of diffusers or of the authors. */
  public DitConfig withArithmetic(int frequencyShift, double eps) {
    return new DitConfig(
        inputSize,
        patchSize,
        inChannels,
        hiddenSize,
        depth,
        numHeads,
        mlpHidden,
        numClasses,
        learnSigma,
        frequencyEmbeddingSize,
        frequencyShift,
        eps,
        perBlockEmbedders);
  }

  /** The same network with the arithmetic of the authors' code. */
  public DitConfig withOfficialArithmetic() {
    return withArithmetic(OFFICIAL_SHIFT, OFFICIAL_EPS);
  }

  /** The same network with embedders of its own for every block, or one for all. */
  public DitConfig withPerBlockEmbedders(boolean perBlock) {
    return new DitConfig(
        inputSize,
        patchSize,
        inChannels,
        hiddenSize,
        depth,
        numHeads,
        mlpHidden,
        numClasses,
        learnSigma,
        frequencyEmbeddingSize,
        timestepFrequencyShift,
        normEps,
        perBlock);
  }

  /** The same network for another image size and number of classes. */
  DitConfig resized(int newInputSize, int newNumClasses) {
    return new DitConfig(
        newInputSize,
        patchSize,
        inChannels,
        hiddenSize,
        depth,
        numHeads,
        mlpHidden,
        newNumClasses,
        learnSigma,
        frequencyEmbeddingSize,
        timestepFrequencyShift,
        normEps,
        perBlockEmbedders);
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
  public static DitConfig of(Arguments arguments) {
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
    int shift = reader.integer("timestep_frequency_shift", 0, 1);
    double normEps = reader.positive("norm_eps");
    boolean perBlock = reader.flag("per_block_embedders");
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
        frequencies,
        shift,
        normEps,
        perBlock);
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
        .with("frequency_embedding_size", frequencyEmbeddingSize)
        .with("timestep_frequency_shift", timestepFrequencyShift)
        .with("norm_eps", normEps)
        .with("per_block_embedders", perBlockEmbedders);
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
