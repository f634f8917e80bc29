package org.canbridge.importers.efficientvit;

import static org.canbridge.importers.keys.KeyRule.integers;
import static org.canbridge.importers.keys.KeyRule.rename;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.canbridge.importers.Arguments;
import org.canbridge.importers.Inference;
import org.canbridge.importers.Layout;
import org.canbridge.importers.Signature;
import org.canbridge.importers.StateDict;
import org.canbridge.importers.keys.Dims;
import org.canbridge.importers.keys.KeyMap;
import org.canbridge.importers.keys.KeyRule;

/**
 * A layout of EfficientViT: the authors' names for a classifier ({@code backbone.*} and {@code
 * head.*}, the canonical layout) or for a backbone alone, or timm's, which renames stem, stages and
 * head and nothing else. Symbols: channels of the image W0, of stem and stages W1, W2, ...; width
 * of an attention head D; widths of the head H0 and H1; classes K.
 *
 * <p>The counters of the batch norms ({@code num_batches_tracked}) play no part in the network;
 * they are carried along, so that the published file can be given back.
 */
final class EfficientVitLayout implements Layout {
  private final String name;
  private final EfficientVitNames names;
  private final double attentionEps;

  /**
   * @param attentionEps the eps that this layout's code uses in the attention; no file holds it
   */
  EfficientVitLayout(String name, EfficientVitNames names, double attentionEps) {
    this.name = name;
    this.names = names;
    this.attentionEps = attentionEps;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Signature signature() {
    String blocks = names.stages() + "*" + names.blocks();
    return Signature.of(
        blocks + "*.context_module.main.qkv.conv.weight",
        blocks + "*.context_module.main.aggreg.0.0.weight",
        blocks + "*.local_module.main.inverted_conv.conv.weight",
        blocks + "0.main.point_conv.conv.weight");
  }

  @Override
  public Inference infer(StateDict weights) {
    return new EfficientVitShapes(names, attentionEps, weights).infer();
  }

  @Override
  public KeyMap keyMap(Arguments known) {
    EfficientVitSeries series = EfficientVitShapes.series(known);
    EfficientVitNames canonical = EfficientVitNames.official();
    List<Integer> depths = EfficientVitShapes.integers(known, "depth_list");
    Optional<List<Integer>> expansion = EfficientVitShapes.expansion(known, series, depths.size());
    // Without the expansion the widths stay unknown too, so that the rules compare names only.
    List<Integer> widths =
        expansion.isPresent() ? EfficientVitShapes.integers(known, "width_list") : List.of();
    List<List<EfficientVitBlock>> stages =
        EfficientVitStages.of(
            series, depths, expansion.orElse(Collections.nCopies(depths.size(), 1)));
    List<KeyRule> rules = new ArrayList<>();
    for (int i = 0; i < stages.size(); i++) {
      for (int j = 0; j < stages.get(i).size(); j++) {
        rules.addAll(
            block(stages.get(i).get(j), names.block(series, i, j), canonical.block(series, i, j)));
      }
    }
    if (EfficientVitConfig.hasHead(known)) {
      rules.addAll(head(canonical, depths.size()));
    }
    return KeyMap.builder().rules(rules, dims(known, series, depths.size(), widths)).build();
  }

  @Override
  public String publishedModule(String canonical, Arguments arguments) {
    return names.published(
        canonical,
        EfficientVitShapes.series(arguments),
        EfficientVitShapes.integers(arguments, "depth_list").size());
  }

  private static Dims dims(
      Arguments known, EfficientVitSeries series, int stages, List<Integer> widths) {
    List<Integer> headWidths = EfficientVitShapes.integers(known, "head_width_list");
    Dims dims = Dims.none().with("W0", known.integer("in_channels"));
    for (int i = 0; i < stages; i++) {
      dims = dims.with("W" + (i + 1), entry(widths, i));
    }
    return dims.with("D", known.integer(EfficientVitConfig.dimName(series)))
        .with("H0", entry(headWidths, 0))
        .with("H1", entry(headWidths, 1))
        .with("K", known.integer("n_classes"));
  }

  private static OptionalLong entry(List<Integer> list, int i) {
    return i < list.size() ? OptionalLong.of(list.get(i)) : OptionalLong.empty();
  }

  private static List<KeyRule> block(EfficientVitBlock block, String source, String target) {
    if (block instanceof EfficientVitBlock.Stem stem) {
      return conv(stem.layer(), source, target);
    }
    if (block instanceof EfficientVitBlock.Local local) {
      return local(local, source, target);
    }
    EfficientVitBlock.Attention attention = (EfficientVitBlock.Attention) block;
    String width = attention.width().expression();
    String qkv = attention.width().times(3).expression();
    String both = attention.width().times(2).expression();
    int scale = EfficientVitBlock.Attention.SCALE;
    String from = source + ".context_module.main";
    String to = target + ".context_module.main";
    List<KeyRule> rules = new ArrayList<>();
    rules.add(weight(from + ".qkv.conv", to + ".qkv.conv", shape(qkv, width, 1)));
    rules.add(weight(from + ".aggreg.0.0", to + ".aggreg.0.0", shape(qkv, "1", scale)));
    rules.add(weight(from + ".aggreg.0.1", to + ".aggreg.0.1", shape(qkv, "D", 1)));
    rules.add(weight(from + ".proj.conv", to + ".proj.conv", shape(width, both, 1)));
    rules.addAll(norm(from + ".proj.norm", to + ".proj.norm", width));
    rules.addAll(local(attention.local(), source + ".local_module", target + ".local_module"));
    return rules;
  }

  private static List<KeyRule> local(EfficientVitBlock.Local block, String source, String target) {
    List<KeyRule> rules = new ArrayList<>();
    for (ConvLayer layer : block.layers()) {
      rules.addAll(conv(layer, source + ".main." + layer.name(), target + ".main." + layer.name()));
    }
    return rules;
  }

  private static List<KeyRule> conv(ConvLayer layer, String source, String target) {
    String out = layer.out().expression();
    String in = layer.depthwise() ? "1" : layer.in().expression();
    List<KeyRule> rules = new ArrayList<>();
    rules.add(weight(source + ".conv", target + ".conv", shape(out, in, layer.kernel())));
    if (layer.tail().hasBias()) {
      rules.add(rename(source + ".conv.bias", target + ".conv.bias", "[" + out + "]"));
    }
    if (layer.tail().hasNorm()) {
      rules.addAll(norm(source + ".norm", target + ".norm", out));
    }
    return rules;
  }

  private static KeyRule weight(String source, String target, String shape) {
    return rename(source + ".weight", target + ".weight", shape);
  }

  private static String shape(String out, String in, int kernel) {
    return "[" + out + ", " + in + ", " + kernel + ", " + kernel + "]";
  }

  private static List<KeyRule> norm(String source, String target, String channels) {
    List<KeyRule> rules = new ArrayList<>();
    for (String tensor : List.of("weight", "bias", "running_mean", "running_var")) {
      rules.add(rename(source + "." + tensor, target + "." + tensor, "[" + channels + "]"));
    }
    String counter = ".num_batches_tracked";
    rules.add(integers(source + counter, target + counter, "[]"));
    return rules;
  }

  private List<KeyRule> head(EfficientVitNames canonical, int stages) {
    String in = Channels.ofStage(stages - 1).expression();
    List<KeyRule> rules = new ArrayList<>();
    rules.add(
        weight(names.headConv() + ".conv", canonical.headConv() + ".conv", shape("H0", in, 1)));
    rules.addAll(norm(names.headConv() + ".norm", canonical.headConv() + ".norm", "H0"));
    rules.add(weight(names.hidden(), canonical.hidden(), "[H1, H0]"));
    rules.add(weight(names.hiddenNorm(), canonical.hiddenNorm(), "[H1]"));
    rules.add(rename(names.hiddenNorm() + ".bias", canonical.hiddenNorm() + ".bias", "[H1]"));
    rules.add(weight(names.classifier(), canonical.classifier(), "[K, H1]"));
    rules.add(rename(names.classifier() + ".bias", canonical.classifier() + ".bias", "[K]"));
    return Collections.unmodifiableList(rules);
  }
}
