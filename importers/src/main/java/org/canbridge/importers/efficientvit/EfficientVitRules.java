package org.canbridge.importers.efficientvit;

import static org.canbridge.importers.keys.KeyRule.counter;
import static org.canbridge.importers.keys.KeyRule.rename;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.canbridge.importers.keys.KeyRule;

/**
 * The key rules of blocks and classifier, which all layouts of EfficientViT share but for the
 * module paths in front; the symbols are those of {@link EfficientVitLayout}.
 *
 * <p>The counters of the batch norms ({@code num_batches_tracked}) play no part in the network;
 * they are carried along, so that the published file can be given back.
 *
 * @param folded whether the batch norms were folded into the convolutions in front of them
 */
record EfficientVitRules(boolean folded) {

  /** The rules of one block. */
  List<KeyRule> block(EfficientVitBlock block, String source, String target) {
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
    rules.addAll(norm(from + ".proj", to + ".proj", width));
    rules.addAll(local(attention.local(), source + ".local_module", target + ".local_module"));
    return rules;
  }

  private List<KeyRule> local(EfficientVitBlock.Local block, String source, String target) {
    List<KeyRule> rules = new ArrayList<>();
    for (ConvLayer layer : block.layers()) {
      rules.addAll(conv(layer, source + ".main." + layer.name(), target + ".main." + layer.name()));
    }
    return rules;
  }

  private List<KeyRule> conv(ConvLayer layer, String source, String target) {
    String out = layer.out().expression();
    String in = layer.depthwise() ? "1" : layer.in().expression();
    List<KeyRule> rules = new ArrayList<>();
    rules.add(weight(source + ".conv", target + ".conv", shape(out, in, layer.kernel())));
    if (layer.tail().hasBias()) {
      rules.add(bias(source, target, out));
    }
    if (layer.tail().hasNorm()) {
      rules.addAll(norm(source, target, out));
    }
    return rules;
  }

  private static KeyRule weight(String source, String target, String shape) {
    return rename(source + ".weight", target + ".weight", shape);
  }

  private static String shape(String out, String in, int kernel) {
    return "[" + out + ", " + in + ", " + kernel + ", " + kernel + "]";
  }

  private static KeyRule bias(String source, String target, String channels) {
    return rename(source + ".conv.bias", target + ".conv.bias", "[" + channels + "]");
  }

  /** The batch norm behind the convolution of a layer, or the bias that it became. */
  private List<KeyRule> norm(String source, String target, String channels) {
    if (folded) {
      return List.of(bias(source, target, channels));
    }
    List<KeyRule> rules = new ArrayList<>();
    for (String tensor : List.of("weight", "bias", "running_mean", "running_var")) {
      String name = ".norm." + tensor;
      rules.add(rename(source + name, target + name, "[" + channels + "]"));
    }
    String counter = ".norm.num_batches_tracked";
    rules.add(counter(source + counter, target + counter, "[]"));
    return rules;
  }

  /** The rules of the classifier. */
  List<KeyRule> head(EfficientVitNames names, EfficientVitNames canonical, int stages) {
    String in = Channels.ofStage(stages - 1).expression();
    List<KeyRule> rules = new ArrayList<>();
    rules.add(
        weight(names.headConv() + ".conv", canonical.headConv() + ".conv", shape("H0", in, 1)));
    rules.addAll(norm(names.headConv(), canonical.headConv(), "H0"));
    rules.add(weight(names.hidden(), canonical.hidden(), "[H1, H0]"));
    rules.add(weight(names.hiddenNorm(), canonical.hiddenNorm(), "[H1]"));
    rules.add(rename(names.hiddenNorm() + ".bias", canonical.hiddenNorm() + ".bias", "[H1]"));
    rules.add(weight(names.classifier(), canonical.classifier(), "[K, H1]"));
    rules.add(rename(names.classifier() + ".bias", canonical.classifier() + ".bias", "[K]"));
    return Collections.unmodifiableList(rules);
  }
}
