package org.canbridge.importers.efficientvit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Inference;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.PublishedConfiguration;
import org.canbridge.importers.family.Signature;
import org.canbridge.importers.family.StateDict;
import org.canbridge.importers.keys.Dims;
import org.canbridge.importers.keys.KeyMap;
import org.canbridge.importers.keys.KeyRule;

/**
 * A layout of EfficientViT: the authors' names for a classifier ({@code backbone.*} and {@code
 * head.*}, the canonical layout) or for a backbone alone, or timm's, which renames stem, stages and
 * head and nothing else. The eps of the attention is that of each layout's code; no file holds it.
 * Symbols: channels of the image W0, of stem and stages W1, W2, ...; width of an attention head D;
 * widths of the head H0 and H1; classes K.
 *
 * <p>A network whose batch norms were folded has none of their tensors and a bias in each
 * convolution that one followed; that is in no published file.
 */
final class EfficientVitLayout implements Layout {
  private final String name;
  private final EfficientVitNames names;
  private final double attentionEps;
  private final Optional<PublishedConfiguration> configuration;

  private EfficientVitLayout(
      String name,
      EfficientVitNames names,
      double attentionEps,
      Optional<PublishedConfiguration> configuration) {
    this.name = name;
    this.names = names;
    this.attentionEps = attentionEps;
    this.configuration = configuration;
  }

  /** One of the authors'. */
  static EfficientVitLayout official(String name, EfficientVitNames names) {
    return new EfficientVitLayout(name, names, EfficientVitModel.ATTENTION_EPS, Optional.empty());
  }

  /** That of timm. */
  static EfficientVitLayout timm() {
    return new EfficientVitLayout(
        "timm",
        EfficientVitNames.timm(),
        TimmConfiguration.ATTENTION_EPS,
        Optional.of(new TimmConfiguration()));
  }

  @Override
  public Optional<PublishedConfiguration> configuration() {
    return configuration;
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
    EfficientVitRules blocks = new EfficientVitRules(EfficientVitConfig.isFolded(known));
    List<KeyRule> rules = new ArrayList<>();
    for (int i = 0; i < stages.size(); i++) {
      for (int j = 0; j < stages.get(i).size(); j++) {
        rules.addAll(
            blocks.block(
                stages.get(i).get(j), names.block(series, i, j), canonical.block(series, i, j)));
      }
    }
    if (EfficientVitConfig.hasHead(known)) {
      rules.addAll(blocks.head(names, canonical, depths.size()));
    }
    KeyMap.Builder map = KeyMap.builder().rules(rules, dims(known, series, depths.size(), widths));
    if (names.mayLackClasses() && !EfficientVitConfig.hasHead(known)) {
      map.ignore("head.*", "the head without classes (num_classes=0); the backbone is read");
    }
    return map.build();
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
}
