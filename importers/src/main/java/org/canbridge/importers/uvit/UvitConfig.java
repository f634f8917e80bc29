package org.canbridge.importers.uvit;

import java.util.OptionalInt;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.keys.KeyMap;

/**
 * The arguments of a U-ViT (Bao et al., CVPR 2023, arXiv 2209.12152) under the names of the
 * authors' constructor ({@code libs/uvit.py} and {@code libs/uvit_t2i.py} of baofff/U-ViT).
 *
 * @param imgSize height and width of the image or latent (pixels; square)
 * @param patchSize side of a patch
 * @param inChans channels of the image or latent
 * @param embedDim width D of the tokens
 * @param depth number of blocks without the middle one; half of them on either side of it
 * @param numHeads attention heads; no tensor's shape tells them
 * @param mlpHidden width of the MLP's hidden layer, {@code int(embedDim * mlp_ratio)}
 * @param qkvBias whether the query, key and value projections have a bias
 * @param mlpTimeEmbed whether the sinusoid of the timestep passes two linear layers
 * @param condition {@code num_classes}, or {@code clip_dim} and {@code num_clip_token}
 * @param conv whether a 3x3 convolution ends the network
 * @param skip whether the second half of the blocks takes the values of the first
 */
public record UvitConfig(
    int imgSize,
    int patchSize,
    int inChans,
    int embedDim,
    int depth,
    int numHeads,
    int mlpHidden,
    boolean qkvBias,
    boolean mlpTimeEmbed,
    UvitCondition condition,
    boolean conv,
    boolean skip)
    implements ModelConfig {
  static final String ARCHITECTURE = "uvit";

  /** Larger than any size a network has, and small enough that products of three fit a long. */
  private static final int MAX_SIZE = 1 << 20;

  /** How the authors' configurations say that there are no classes. */
  private static final int NO_CLASSES = -1;

  /** Checks what the network's construction relies on. */
  public UvitConfig {
    if (imgSize % patchSize != 0) {
      throw new IllegalArgumentException(
          "img_size " + imgSize + " is not a multiple of patch_size " + patchSize);
    }
    if (embedDim % numHeads != 0) {
      throw new IllegalArgumentException(
          "embed_dim " + embedDim + " is not a multiple of num_heads " + numHeads);
    }
    if (embedDim % 2 != 0) {
      throw new IllegalArgumentException(
          "embed_dim " + embedDim + " is odd; the sinusoid of the timestep has as many columns");
    }
    if (depth % 2 != 0) {
      throw new IllegalArgumentException(
          "depth " + depth + " is odd; half of the blocks stand on either side of the middle one");
    }
    if (mlpHidden < 1) {
      throw new IllegalArgumentException("mlp_ratio gives the MLP no hidden units");
    }
  }

  /**
   * Reads the arguments of a model directory.
   *
   * @throws IllegalArgumentException listing every argument that is missing, unknown or impossible
   */
  public static UvitConfig of(Arguments arguments) {
    Arguments.Reader reader = arguments.reader();
    int imgSize = reader.integer("img_size", 1, MAX_SIZE);
    int patchSize = reader.integer("patch_size", 1, MAX_SIZE);
    int inChans = reader.integer("in_chans", 1, MAX_SIZE);
    int embedDim = reader.integer("embed_dim", 1, MAX_SIZE);
    int depth = reader.integer("depth", 2, 2 * KeyMap.MAX_REPEAT);
    int numHeads = reader.integer("num_heads", 1, MAX_SIZE);
    double mlpRatio = reader.positive("mlp_ratio");
    boolean qkvBias = reader.flag("qkv_bias");
    boolean mlpTimeEmbed = reader.flag("mlp_time_embed");
    boolean text =
        arguments.get("clip_dim").isPresent() || arguments.get("num_clip_token").isPresent();
    int clipDim = text ? reader.integer("clip_dim", 1, MAX_SIZE) : 0;
    int numClipToken = text ? reader.integer("num_clip_token", 1, MAX_SIZE) : 0;
    int numClasses = text ? NO_CLASSES : reader.integer("num_classes", NO_CLASSES, MAX_SIZE);
    boolean conv = reader.flag("conv");
    boolean skip = reader.flag("skip");
    reader.finish();
    return new UvitConfig(
        imgSize,
        patchSize,
        inChans,
        embedDim,
        depth,
        numHeads,
        mlpHidden(embedDim, mlpRatio),
        qkvBias,
        mlpTimeEmbed,
        text
            ? new UvitCondition.Text(clipDim, numClipToken)
            : numClasses > 0 ? new UvitCondition.Label(numClasses) : new UvitCondition.None(),
        conv,
        skip);
  }

  @Override
  public String architecture() {
    return ARCHITECTURE;
  }

  @Override
  public Arguments arguments() {
    Arguments arguments =
        Arguments.none()
            .with("img_size", imgSize)
            .with("patch_size", patchSize)
            .with("in_chans", inChans)
            .with("embed_dim", embedDim)
            .with("depth", depth)
            .with("num_heads", numHeads)
            .with("mlp_ratio", mlpRatio(mlpHidden, embedDim))
            .with("qkv_bias", qkvBias)
            .with("mlp_time_embed", mlpTimeEmbed);
    if (condition instanceof UvitCondition.Text text) {
      arguments =
          arguments.with("clip_dim", text.clipDim()).with("num_clip_token", text.numClipToken());
    } else {
      arguments =
          arguments.with(
              "num_classes",
              condition instanceof UvitCondition.Label label ? label.numClasses() : NO_CLASSES);
    }
    return arguments.with("conv", conv).with("skip", skip);
  }

  /** The null class of guidance, the last row of the label table; empty without labels. */
  public OptionalInt nullClass() {
    return condition instanceof UvitCondition.Label label
        ? OptionalInt.of(label.numClasses() - 1)
        : OptionalInt.empty();
  }

  /** Patches along one side. */
  public int gridSize() {
    return imgSize / patchSize;
  }

  /** Tokens in front of the patches: time and condition. */
  public int extras() {
    return 1 + condition.tokens();
  }

  /** Number of patches. */
  public int patches() {
    return gridSize() * gridSize();
  }

  /** Number of tokens N. */
  public int tokens() {
    return extras() + patches();
  }

  /** The hidden width of the MLP, {@code int(embedDim * ratio)} as in the authors' code. */
  static int mlpHidden(long embedDim, double ratio) {
    return (int) (embedDim * ratio);
  }

  /** A ratio that gives back the hidden width of the MLP, {@link #mlpHidden(long, double)}. */
  static double mlpRatio(long mlpHidden, long embedDim) {
    double ratio = (double) mlpHidden / embedDim;
    return mlpHidden(embedDim, ratio) == mlpHidden ? ratio : Math.nextUp(ratio);
  }
}
