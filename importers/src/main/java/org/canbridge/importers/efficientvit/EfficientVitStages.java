package org.canbridge.importers.efficientvit;

import java.util.ArrayList;
import java.util.List;
import org.canbridge.importers.efficientvit.ConvLayer.Tail;
import org.canbridge.importers.efficientvit.EfficientVitBlock.Local;

/**
 * The stages of an EfficientViT as lists of blocks, stage 0 being the stem; what network and key
 * rules have in common. Source: {@code models/efficientvit/backbone.py} of
 * mit-han-lab/efficientvit.
 */
final class EfficientVitStages {
  /** A block that halves the resolution widens this many times more in the L series. */
  static final int LARGE_DOWNSAMPLING = 4;

  /** The stages from this one on attend. */
  private static final int FIRST_ATTENTION_B = 3;

  private static final int FIRST_ATTENTION_L = 4;

  /** The blocks of the L series' stages from this one on are depthwise and have few norms. */
  private static final int FIRST_DEPTHWISE_L = 3;

  private final EfficientVitSeries series;
  private final List<Integer> depths;
  private final List<Integer> expansion;

  private EfficientVitStages(
      EfficientVitSeries series, List<Integer> depths, List<Integer> expansion) {
    this.series = series;
    this.depths = depths;
    this.expansion = expansion;
  }

  /**
   * The blocks of every stage.
   *
   * @param depths {@code depth_list}
   * @param expansion how many times each stage's blocks are wider inside; as long as {@code depths}
   */
  static List<List<EfficientVitBlock>> of(
      EfficientVitSeries series, List<Integer> depths, List<Integer> expansion) {
    return new EfficientVitStages(series, depths, expansion).all();
  }

  /** The first stage that attends. */
  static int firstAttention(EfficientVitSeries series) {
    return series == EfficientVitSeries.B ? FIRST_ATTENTION_B : FIRST_ATTENTION_L;
  }

  private List<List<EfficientVitBlock>> all() {
    List<List<EfficientVitBlock>> stages = new ArrayList<>();
    stages.add(stem());
    for (int i = 1; i < depths.size(); i++) {
      stages.add(series == EfficientVitSeries.B ? stageB(i) : stageL(i));
    }
    return List.copyOf(stages);
  }

  private List<EfficientVitBlock> stem() {
    Channels width = Channels.ofStage(0);
    List<EfficientVitBlock> blocks = new ArrayList<>();
    blocks.add(
        new EfficientVitBlock.Stem(
            new ConvLayer("", Channels.IMAGE, width, 3, 2, false, Tail.NORM_ACTIVATION)));
    for (int i = 0; i < depths.get(0); i++) {
      blocks.add(
          series == EfficientVitSeries.B
              ? separable(width)
              : residual(width, width.times(expansion.get(0))));
    }
    return blocks;
  }

  /** The first of its {@code depth} blocks halves; where it attends, one more does. */
  private List<EfficientVitBlock> stageB(int stage) {
    Channels before = Channels.ofStage(stage - 1);
    Channels width = Channels.ofStage(stage);
    int expand = expansion.get(stage);
    boolean attends = stage >= FIRST_ATTENTION_B;
    List<EfficientVitBlock> blocks = new ArrayList<>();
    blocks.add(inverted(before, before.times(expand), width, 2, inner(attends)));
    for (int i = attends ? 0 : 1; i < depths.get(stage); i++) {
      Local local = inverted(width, width.times(expand), width, 1, inner(attends));
      blocks.add(attends ? new EfficientVitBlock.Attention(width, local) : local);
    }
    return blocks;
  }

  /** One block that halves, then {@code depth} blocks. */
  private List<EfficientVitBlock> stageL(int stage) {
    Channels before = Channels.ofStage(stage - 1);
    Channels width = Channels.ofStage(stage);
    int expand = expansion.get(stage);
    Channels downsampling = before.times(LARGE_DOWNSAMPLING * expand);
    boolean depthwise = stage >= FIRST_DEPTHWISE_L;
    List<EfficientVitBlock> blocks = new ArrayList<>();
    blocks.add(
        depthwise
            ? inverted(before, downsampling, width, 2, Tail.BIAS_ACTIVATION)
            : fused(before, downsampling, width, 2));
    for (int i = 0; i < depths.get(stage); i++) {
      Local local =
          depthwise
              ? inverted(width, width.times(expand), width, 1, Tail.BIAS_ACTIVATION)
              : fused(width, width.times(expand), width, 1);
      blocks.add(
          stage >= FIRST_ATTENTION_L ? new EfficientVitBlock.Attention(width, local) : local);
    }
    return blocks;
  }

  private static Tail inner(boolean attends) {
    return attends ? Tail.BIAS_ACTIVATION : Tail.NORM_ACTIVATION;
  }

  /** {@code DSConv}: depthwise, then pointwise. */
  private static Local separable(Channels width) {
    return new Local(
        List.of(
            new ConvLayer("depth_conv", width, width, 3, 1, true, Tail.NORM_ACTIVATION),
            new ConvLayer("point_conv", width, width, 1, 1, false, Tail.NORM)),
        true);
  }

  /** {@code ResBlock}: two full convolutions. */
  private static Local residual(Channels width, Channels middle) {
    return new Local(
        List.of(
            new ConvLayer("conv1", width, middle, 3, 1, false, Tail.NORM_ACTIVATION),
            new ConvLayer("conv2", middle, width, 3, 1, false, Tail.NORM)),
        true);
  }

  /** {@code FusedMBConv}: a full convolution that widens, then a pointwise one. */
  private static Local fused(Channels in, Channels middle, Channels out, int stride) {
    return new Local(
        List.of(
            new ConvLayer("spatial_conv", in, middle, 3, stride, false, Tail.NORM_ACTIVATION),
            new ConvLayer("point_conv", middle, out, 1, 1, false, Tail.NORM)),
        stride == 1);
  }

  /** {@code MBConv}: pointwise, depthwise, pointwise. */
  private static Local inverted(
      Channels in, Channels middle, Channels out, int stride, Tail inner) {
    return new Local(
        List.of(
            new ConvLayer("inverted_conv", in, middle, 1, 1, false, inner),
            new ConvLayer("depth_conv", middle, middle, 3, stride, true, inner),
            new ConvLayer("point_conv", middle, out, 1, 1, false, Tail.NORM)),
        stride == 1);
  }
}
