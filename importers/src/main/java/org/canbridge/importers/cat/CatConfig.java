package org.canbridge.importers.cat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.List;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.ModelConfig;

/**
 * The arguments of a CaT, the U-shaped network of EfficientViT modules that CAN (Cai et al., CVPR
 * 2024, arXiv 2404.01143) names and does not describe: this is a reconstruction, and the names are
 * ours.
 *
 * @param imgSize height and width of the latent (cells; square)
 * @param inChans channels of the latent
 * @param patchSize side of a patch; the first stage has {@code imgSize / patchSize} cells a side
 * @param widthList channels of each stage, from the highest resolution down; each has half the side
 *     of the one before
 * @param depthList modules of each stage; all but the last stand on the way down and again on the
 *     way up
 * @param dim width of an attention head
 * @param expandRatio how many times the feed-forward layers are wider inside
 * @param condWidth width of the condition embedding
 * @param condition label or text
 */
public record CatConfig(
    int imgSize,
    int inChans,
    int patchSize,
    List<Integer> widthList,
    List<Integer> depthList,
    int dim,
    int expandRatio,
    int condWidth,
    CatCondition condition)
    implements ModelConfig {
  static final String ARCHITECTURE = "cat";

  /** The argument that tells whether a label or a text comes with the time. */
  static final String CONDITION = "condition";

  static final String LABEL = "label";
  static final String TEXT = "text";

  /** Larger than any size a network has, and small enough that products of three fit a long. */
  private static final int MAX_SIZE = 1 << 20;

  private static final int MAX_STAGES = 8;
  private static final int MAX_DEPTH = 256;
  private static final int MAX_EXPANSION = 1 << 6;

  /** Checks what the network's construction relies on. */
  public CatConfig {
    widthList = List.copyOf(widthList);
    depthList = List.copyOf(depthList);
    if (widthList.isEmpty()
        || widthList.size() > MAX_STAGES
        || widthList.size() != depthList.size()) {
      throw new IllegalArgumentException(
          "width_list and depth_list must be equally long, 1 to "
              + MAX_STAGES
              + "; they are "
              + widthList
              + " and "
              + depthList);
    }
    if (imgSize % (patchSize << (widthList.size() - 1)) != 0) {
      throw new IllegalArgumentException(
          "img_size "
              + imgSize
              + " cannot be halved "
              + (widthList.size() - 1)
              + " times in patches of "
              + patchSize);
    }
    for (int width : widthList) {
      if (width % dim != 0) {
        throw new IllegalArgumentException(
            "width " + width + " is not a multiple of the head's width " + dim);
      }
    }
  }

  /**
   * Reads the arguments of a model directory.
   *
   * @throws IllegalArgumentException listing every argument that is missing, unknown or impossible
   */
  public static CatConfig of(Arguments arguments) {
    Arguments.Reader reader = arguments.reader();
    int imgSize = reader.integer("img_size", 1, MAX_SIZE);
    int inChans = reader.integer("in_chans", 1, MAX_SIZE);
    int patchSize = reader.integer("patch_size", 1, MAX_EXPANSION);
    List<Integer> widths = reader.integers("width_list", 1, MAX_SIZE);
    List<Integer> depths = reader.integers("depth_list", 1, MAX_DEPTH);
    int dim = reader.integer("dim", 1, MAX_SIZE);
    int expandRatio = reader.integer("expand_ratio", 1, MAX_EXPANSION);
    int condWidth = reader.integer("cond_width", 1, MAX_SIZE);
    boolean text = reader.word(CONDITION, List.of(LABEL, TEXT)).equals(TEXT);
    int clipDim = text ? reader.integer("clip_dim", 1, MAX_SIZE) : 0;
    int numClipToken = text ? reader.integer("num_clip_token", 1, MAX_SIZE) : 0;
    int numClasses = text ? 0 : reader.integer("num_classes", 1, MAX_SIZE);
    reader.finish();
    return new CatConfig(
        imgSize,
        inChans,
        patchSize,
        widths,
        depths,
        dim,
        expandRatio,
        condWidth,
        text ? new CatCondition.Text(clipDim, numClipToken) : new CatCondition.Label(numClasses));
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
            .with("in_chans", inChans)
            .with("patch_size", patchSize)
            .with("width_list", list(widthList))
            .with("depth_list", list(depthList))
            .with("dim", dim)
            .with("expand_ratio", expandRatio)
            .with("cond_width", condWidth)
            .with(CONDITION, condition instanceof CatCondition.Text ? TEXT : LABEL);
    if (condition instanceof CatCondition.Text text) {
      return arguments.with("clip_dim", text.clipDim()).with("num_clip_token", text.numClipToken());
    }
    return arguments.with("num_classes", ((CatCondition.Label) condition).numClasses());
  }

  /** Number of stages. */
  public int stages() {
    return widthList.size();
  }

  /** Cells along one side of a stage. */
  public int side(int stage) {
    return imgSize / (patchSize << stage);
  }

  /** Width of the feed-forward layers of a stage. */
  public int hidden(int stage) {
    return widthList.get(stage) * expandRatio;
  }

  static ArrayNode list(List<Integer> values) {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    values.forEach(list::add);
    return list;
  }
}
