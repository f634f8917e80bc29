package org.canbridge.importers.efficientvit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Inference;
import org.canbridge.importers.family.Question;
import org.canbridge.importers.family.StateDict;

/** Reads the arguments of an EfficientViT off the shapes of its tensors. */
final class EfficientVitShapes {
  private final EfficientVitNames names;
  private final double attentionEps;
  private final StateDict weights;
  private final EfficientVitSeries series;
  private final List<String> problems = new ArrayList<>();

  EfficientVitShapes(EfficientVitNames names, double attentionEps, StateDict weights) {
    this.names = names;
    this.attentionEps = attentionEps;
    this.weights = weights;
    this.series = series(weights);
  }

  /** Only the L series has full convolutions in its blocks. */
  private static EfficientVitSeries series(StateDict weights) {
    boolean full =
        weights.tensors().keySet().stream()
            .anyMatch(
                name -> name.contains(".main.spatial_conv.") || name.contains(".main.conv1."));
    return full ? EfficientVitSeries.L : EfficientVitSeries.B;
  }

  Inference infer() {
    List<Integer> depths = depths();
    Arguments known =
        withList(
            Arguments.none().with("series", series.label()), "width_list", widths(depths.size()));
    known =
        withList(known, "depth_list", depths)
            .with("in_channels", weights.size(stem() + ".conv.weight", 4, 1))
            .with(EfficientVitConfig.dimName(series), dim(depths));
    known = withHead(withExpansion(known, depths.size()));
    return new Inference(
        EfficientVitConfig.withFolded(known, withoutNorms()),
        List.of(eps("norm_eps", series.normEps()), eps("attention_eps", attentionEps)),
        problems);
  }

  /** Whether no batch norm is left: they were folded into the convolutions. */
  private boolean withoutNorms() {
    return weights.tensors().keySet().stream().noneMatch(name -> name.endsWith(".running_var"));
  }

  private static Question eps(String argument, double usual) {
    return new Question(
        argument,
        "--" + argument.replace('_', '-') + " X",
        "the file holds no " + argument,
        Optional.of(DoubleNode.valueOf(usual)));
  }

  private String stem() {
    return names.block(series, 0, 0);
  }

  /** {@code depth_list}: the blocks of each stage that the constructor was asked for. */
  private List<Integer> depths() {
    long counted = weights.repeats(names.stages()) - (names.countsStem(series) ? 1 : 0);
    List<Integer> depths = new ArrayList<>();
    depths.add((int) names.stemDepth(weights.repeats(names.blocks(series, 0))));
    for (int i = 1; i <= counted; i++) {
      long blocks = weights.repeats(names.blocks(series, i));
      boolean countsDownsampling =
          series == EfficientVitSeries.B && i < EfficientVitStages.firstAttention(series);
      depths.add((int) Math.max(0, countsDownsampling ? blocks : blocks - 1));
    }
    return depths;
  }

  /** {@code width_list}; empty if one is not to be seen. */
  private List<Integer> widths(int stages) {
    List<Integer> widths = new ArrayList<>();
    for (int i = 0; i < stages; i++) {
      String conv = i == 0 ? stem() + ".conv.weight" : downsampling(i) + ".point_conv.conv.weight";
      OptionalLong width = weights.size(conv, 4, 0);
      if (width.isEmpty()) {
        return List.of();
      }
      widths.add((int) width.getAsLong());
    }
    return widths;
  }

  private String downsampling(int stage) {
    return names.block(series, stage, 0) + ".main";
  }

  private OptionalLong dim(List<Integer> depths) {
    for (int i = EfficientVitStages.firstAttention(series); i < depths.size(); i++) {
      OptionalLong dim =
          weights.size(names.block(series, i, 1) + ".context_module.main.aggreg.0.1.weight", 4, 1);
      if (dim.isPresent()) {
        return dim;
      }
    }
    return OptionalLong.empty();
  }

  private Arguments withExpansion(Arguments known, int stages) {
    List<Integer> expansion = new ArrayList<>();
    if (series == EfficientVitSeries.L) {
      expansion.add(ratio(names.block(series, 0, 1) + ".main.conv1", 1).orElse(1));
    }
    for (int i = 1; i < stages; i++) {
      Optional<Integer> ratio = expansion(i);
      if (ratio.isEmpty()) {
        return known;
      }
      expansion.add(ratio.get());
    }
    if (series == EfficientVitSeries.L) {
      return withList(known, "expand_list", expansion);
    }
    return expansion.isEmpty() ? known : known.with("expand_ratio", expansion.get(0));
  }

  private Optional<Integer> expansion(int stage) {
    int multiple = series == EfficientVitSeries.L ? EfficientVitStages.LARGE_DOWNSAMPLING : 1;
    Optional<Integer> full = ratio(downsampling(stage) + ".spatial_conv", multiple);
    return full.isPresent() ? full : ratio(downsampling(stage) + ".inverted_conv", multiple);
  }

  /** How many times {@code multiple} a convolution widens. */
  private Optional<Integer> ratio(String conv, int multiple) {
    OptionalLong out = weights.size(conv + ".conv.weight", 4, 0);
    OptionalLong in = weights.size(conv + ".conv.weight", 4, 1);
    if (out.isEmpty() || in.isEmpty()) {
      return Optional.empty();
    }
    long base = in.getAsLong() * multiple;
    if (out.getAsLong() % base != 0) {
      problems.add(
          conv
              + " widens "
              + in.getAsLong()
              + " channels to "
              + out.getAsLong()
              + ", which is no multiple of "
              + base);
      return Optional.empty();
    }
    return Optional.of((int) (out.getAsLong() / base));
  }

  private Arguments withHead(Arguments known) {
    if (weights.tensors().keySet().stream().anyMatch(name -> name.startsWith("head.input_ops."))) {
      problems.add(
          "the head is that of a segmentation network; backbones and classifiers are read");
    }
    if (names.mayLackClasses()
        && !weights.tensors().containsKey(names.classifier() + ".weight")
        && !weights.tensors().containsKey(names.classifier() + ".bias")) {
      return known;
    }
    OptionalLong first = weights.size(names.headConv() + ".conv.weight", 4, 0);
    OptionalLong second = weights.size(names.hidden() + ".weight", 2, 0);
    Arguments widened =
        first.isPresent() && second.isPresent()
            ? withList(
                known,
                "head_width_list",
                List.of((int) first.getAsLong(), (int) second.getAsLong()))
            : known;
    return widened.with("n_classes", weights.size(names.classifier() + ".weight", 2, 0));
  }

  private static Arguments withList(Arguments known, String name, List<Integer> values) {
    return values.isEmpty() ? known : known.with(name, EfficientVitConfig.list(values));
  }

  /** The series of these arguments. */
  static EfficientVitSeries series(Arguments known) {
    return known
        .get("series")
        .map(JsonNode::textValue)
        .map(EfficientVitSeries::of)
        .orElseThrow(() -> new IllegalArgumentException("series is missing"));
  }

  /** A list among the arguments; empty if it is unknown. */
  static List<Integer> integers(Arguments known, String name) {
    List<Integer> values = new ArrayList<>();
    known.get(name).ifPresent(list -> list.forEach(value -> values.add(value.intValue())));
    return List.copyOf(values);
  }

  /** How many times the blocks of each stage are wider inside; empty if it is unknown. */
  static Optional<List<Integer>> expansion(Arguments known, EfficientVitSeries series, int stages) {
    if (series == EfficientVitSeries.L) {
      List<Integer> list = integers(known, "expand_list");
      return list.size() == stages ? Optional.of(list) : Optional.empty();
    }
    OptionalLong ratio = known.integer("expand_ratio");
    return ratio.isPresent()
        ? Optional.of(EfficientVitConfig.expansion((int) ratio.getAsLong(), stages))
        : Optional.empty();
  }
}
