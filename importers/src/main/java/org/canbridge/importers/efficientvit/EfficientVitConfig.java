package org.canbridge.importers.efficientvit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.ModelConfig;

/**
 * The arguments of an EfficientViT (Cai et al., ICCV 2023, arXiv 2205.14756) under the names of the
 * authors' constructors ({@code models/efficientvit/backbone.py} and {@code cls.py} of
 * mit-han-lab/efficientvit). The size of the image is none of them.
 *
 * @param series which of the two constructors
 * @param widthList channels of the stem and of each stage
 * @param depthList blocks of the stem and of each stage
 * @param inChannels channels of the image
 * @param dim width of an attention head ({@code dim}; {@code qkv_dim} in the L series)
 * @param expandList how many times the blocks of each stage are wider inside ({@code expand_ratio};
 *     {@code expand_list} in the L series)
 * @param head the classifier; empty for the backbone alone
 * @param normEps eps of every batch norm and layer norm
 * @param attentionEps eps of the linear attention: 1e-15 in the authors' code, 1e-5 in timm
 * @param batchNormFolded whether the batch norms were folded into the convolutions in front of
 *     them, which then have biases; an argument of ours, {@code false} in everything that is
 *     published
 */
public record EfficientVitConfig(
    EfficientVitSeries series,
    List<Integer> widthList,
    List<Integer> depthList,
    int inChannels,
    int dim,
    List<Integer> expandList,
    Optional<EfficientVitHead> head,
    double normEps,
    double attentionEps,
    boolean batchNormFolded)
    implements ModelConfig {
  static final String ARCHITECTURE = "efficientvit";

  private static final String FOLDED = "batch_norm_folded";

  /** Larger than any size a network has, and small enough that products of three fit a long. */
  private static final int MAX_SIZE = 1 << 20;

  /** Larger than any network's expansion; the widest published block has 24 times its width. */
  private static final int MAX_EXPANSION = 1 << 8;

  /** Bounds on what a configuration can make us write out. */
  private static final int MAX_STAGES = 16;

  private static final int MAX_DEPTH = 256;

  /** Checks what the network's construction relies on. */
  public EfficientVitConfig {
    widthList = List.copyOf(widthList);
    depthList = List.copyOf(depthList);
    expandList = List.copyOf(expandList);
    if (depthList.size() != widthList.size() || expandList.size() != widthList.size()) {
      throw new IllegalArgumentException(
          "width_list, depth_list and the expansion must be equally long; they are "
              + widthList
              + ", "
              + depthList
              + " and "
              + expandList);
    }
    if (widthList.size() > MAX_STAGES) {
      throw new IllegalArgumentException(
          widthList.size() + " stages; the most is " + MAX_STAGES + " with the stem");
    }
    for (int stage = EfficientVitStages.firstAttention(series); stage < widthList.size(); stage++) {
      if (widthList.get(stage) % dim != 0) {
        throw new IllegalArgumentException(
            "width " + widthList.get(stage) + " is not a multiple of the head's width " + dim);
      }
    }
  }

  /** A network as it is published, with batch norms. */
  public EfficientVitConfig(
      EfficientVitSeries series,
      List<Integer> widthList,
      List<Integer> depthList,
      int inChannels,
      int dim,
      List<Integer> expandList,
      Optional<EfficientVitHead> head,
      double normEps,
      double attentionEps) {
    this(
        series,
        widthList,
        depthList,
        inChannels,
        dim,
        expandList,
        head,
        normEps,
        attentionEps,
        false);
  }

  /**
   * Reads the arguments of a model directory.
   *
   * @throws IllegalArgumentException listing every argument that is missing, unknown or impossible
   */
  static EfficientVitConfig of(Arguments arguments) {
    Arguments.Reader reader = arguments.reader();
    EfficientVitSeries series =
        EfficientVitSeries.of(reader.word("series", EfficientVitSeries.labels()));
    List<Integer> widths = reader.integers("width_list", 1, MAX_SIZE);
    List<Integer> depths = reader.integers("depth_list", 0, MAX_DEPTH);
    int inChannels = reader.integer("in_channels", 1, MAX_SIZE);
    boolean large = series == EfficientVitSeries.L;
    int dim = reader.integer(dimName(series), 1, MAX_SIZE);
    List<Integer> expansion =
        large
            ? reader.integers("expand_list", 1, MAX_EXPANSION)
            : expansion(reader.integer("expand_ratio", 1, MAX_EXPANSION), widths.size());
    boolean withHead = hasHead(arguments);
    List<Integer> headWidths =
        withHead ? reader.integers("head_width_list", 1, MAX_SIZE) : List.of();
    int classes = withHead ? reader.integer("n_classes", 1, MAX_SIZE) : 0;
    double normEps = reader.positive("norm_eps");
    double attentionEps = reader.positive("attention_eps");
    boolean folded = reader.flag(FOLDED);
    reader.finish();
    return new EfficientVitConfig(
        series,
        widths,
        depths,
        inChannels,
        dim,
        expansion,
        withHead ? Optional.of(new EfficientVitHead(headWidths, classes)) : Optional.empty(),
        normEps,
        attentionEps,
        folded);
  }

  /** The same network with batch norms folded, or with all of them. */
  public EfficientVitConfig withBatchNormFolded(boolean folded) {
    return with(head, folded);
  }

  /** The backbone alone, or with this classifier. */
  public EfficientVitConfig withHead(Optional<EfficientVitHead> other) {
    return with(other, batchNormFolded);
  }

  private EfficientVitConfig with(Optional<EfficientVitHead> other, boolean folded) {
    return new EfficientVitConfig(
        series,
        widthList,
        depthList,
        inChannels,
        dim,
        expandList,
        other,
        normEps,
        attentionEps,
        folded);
  }

  @Override
  public Optional<String> unpublished() {
    return batchNormFolded
        ? Optional.of(
            "its batch norms were folded into the convolutions, and every published layout has"
                + " them; import the source without --fold-batch-norm and export that")
        : Optional.empty();
  }

  @Override
  public String architecture() {
    return ARCHITECTURE;
  }

  @Override
  public Arguments arguments() {
    Arguments arguments =
        Arguments.none()
            .with("series", series.label())
            .with("width_list", list(widthList))
            .with("depth_list", list(depthList))
            .with("in_channels", inChannels)
            .with(dimName(series), dim);
    arguments =
        series == EfficientVitSeries.L
            ? arguments.with("expand_list", list(expandList))
            : arguments.with("expand_ratio", expandList.get(expandList.size() - 1));
    if (head.isPresent()) {
      arguments =
          arguments
              .with("head_width_list", list(head.get().widthList()))
              .with("n_classes", head.get().classes());
    }
    return withFolded(
        arguments.with("norm_eps", normEps).with("attention_eps", attentionEps), batchNormFolded);
  }

  /** The blocks of every stage, stage 0 being the stem. */
  public List<List<EfficientVitBlock>> stages() {
    return EfficientVitStages.of(series, depthList, expandList);
  }

  /** {@code channels} as a number. */
  public int resolve(Channels channels) {
    return channels.resolve(inChannels, widthList);
  }

  /** Module path of a stage; stage 0 is the stem. */
  public String stagePath(int stage) {
    return EfficientVitNames.official().stage(series, stage);
  }

  /** Module path of a block. */
  public String blockPath(int stage, int block) {
    return EfficientVitNames.official().block(series, stage, block);
  }

  /** Whether there is a classifier, or part of one. */
  static boolean hasHead(Arguments arguments) {
    return arguments.get("n_classes").isPresent() || arguments.get("head_width_list").isPresent();
  }

  /** Whether they are those of a network without batch norms. */
  static boolean isFolded(Arguments arguments) {
    return arguments.get(FOLDED).filter(JsonNode::booleanValue).isPresent();
  }

  /** These arguments for a network with batch norms, or with folded ones. */
  static Arguments withFolded(Arguments arguments, boolean folded) {
    return arguments.with(FOLDED, BooleanNode.valueOf(folded));
  }

  /** What the authors' constructor of this series calls the width of an attention head. */
  static String dimName(EfficientVitSeries series) {
    return series == EfficientVitSeries.L ? "qkv_dim" : "dim";
  }

  /** {@code expand_ratio} for every stage; the stem of the B series widens nothing. */
  static List<Integer> expansion(int ratio, int stages) {
    List<Integer> expansion = new ArrayList<>(Collections.nCopies(stages, ratio));
    expansion.set(0, 1);
    return List.copyOf(expansion);
  }

  static ArrayNode list(List<Integer> values) {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    values.forEach(list::add);
    return list;
  }
}
