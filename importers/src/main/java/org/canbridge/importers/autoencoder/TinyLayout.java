package org.canbridge.importers.autoencoder;

import static org.canbridge.importers.keys.KeyRule.rename;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.canbridge.importers.Arguments;
import org.canbridge.importers.Inference;
import org.canbridge.importers.Layout;
import org.canbridge.importers.Question;
import org.canbridge.importers.Signature;
import org.canbridge.importers.StateDict;
import org.canbridge.importers.keys.Dims;
import org.canbridge.importers.keys.KeyMap;
import org.canbridge.importers.keys.KeyRule;

/**
 * TAESD's two sequences of layers under one set of names. Symbols: I channels of the image, L of
 * the latent, C of every layer.
 */
final class TinyLayout implements Layout {

  /** Both halves as diffusers writes them; the canonical names. */
  static final TinyLayout DIFFUSERS =
      new TinyLayout(
          "diffusers",
          Optional.of(new Sequence("encoder.layers.", 0)),
          Optional.of(new Sequence("decoder.layers.", 0)),
          Signature.of(
              "encoder.layers.0.weight",
              "encoder.layers.1.conv.0.weight",
              "encoder.layers.1.conv.4.weight",
              "decoder.layers.0.weight",
              "decoder.layers.2.conv.0.weight",
              "decoder.layers.2.conv.4.weight"));

  /** The authors' {@code taesd_encoder.pth}. */
  static final TinyLayout AUTHORS_ENCODER =
      new TinyLayout(
          "authors' encoder",
          Optional.of(new Sequence("", 0)),
          Optional.empty(),
          Signature.of(
              "0.weight", "1.conv.0.weight", "1.conv.2.weight", "1.conv.4.weight", "2.weight"));

  /** The authors' {@code taesd_decoder.pth}, whose first layer bounds the latent. */
  static final TinyLayout AUTHORS_DECODER =
      new TinyLayout(
          "authors' decoder",
          Optional.empty(),
          Optional.of(new Sequence("", 1)),
          Signature.of(
              "1.weight",
              "3.conv.0.weight",
              "3.conv.2.weight",
              "3.conv.4.weight",
              "4.conv.0.weight"));

  /** The names of numbered layers; {@code first} is the number of the canonical layer 0. */
  private record Sequence(String prefix, int first) {
    String layer(long canonical) {
      return prefix + (canonical + first);
    }

    long count(StateDict weights) {
      return Math.max(0, weights.repeats(prefix) - first);
    }
  }

  private final String name;
  private final Optional<Sequence> encoder;
  private final Optional<Sequence> decoder;
  private final Signature signature;

  private TinyLayout(
      String name, Optional<Sequence> encoder, Optional<Sequence> decoder, Signature signature) {
    this.name = name;
    this.encoder = encoder;
    this.decoder = decoder;
    this.signature = signature;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Signature signature() {
    return signature;
  }

  @Override
  public Inference infer(StateDict weights) {
    Arguments known = Arguments.none();
    if (encoder.isPresent()) {
      Sequence layers = encoder.get();
      List<Integer> blocks = blocks(weights, layers, 1);
      String last = layers.layer(layers.count(weights) - 1) + ".weight";
      known =
          known
              .with("in_channels", weights.size(layers.layer(0) + ".weight", 4, 1))
              .with("encoder_block_out_channels", repeat(weights, layers, blocks))
              .with("num_encoder_blocks", blocks)
              .with("latent_channels", weights.size(last, 4, 0));
    }
    if (decoder.isPresent()) {
      Sequence layers = decoder.get();
      List<Integer> blocks = blocks(weights, layers, 2);
      String last = layers.layer(layers.count(weights) - 1) + ".weight";
      known =
          known
              .with("out_channels", weights.size(last, 4, 0))
              .with("decoder_block_out_channels", repeat(weights, layers, blocks))
              .with("num_decoder_blocks", blocks)
              .with("latent_channels", weights.size(layers.layer(0) + ".weight", 4, 1));
    }
    // The half that is not there handles the same images.
    OptionalLong image = known.integer(encoder.isPresent() ? "in_channels" : "out_channels");
    if (encoder.isEmpty()) {
      known = known.with("in_channels", image);
    } else if (decoder.isEmpty()) {
      known = known.with("out_channels", image);
    }
    return new Inference(known, List.of(upsampling()), problems(weights));
  }

  private static Question upsampling() {
    return new Question(
        "upsampling_scaling_factor",
        "a config.json beside the file",
        "the factor of the upsampling layers is in no tensor",
        Optional.of(IntNode.valueOf(2)));
  }

  private static List<String> problems(StateDict weights) {
    boolean pooled = weights.tensors().keySet().stream().anyMatch(n -> n.contains(".pool."));
    return pooled
        ? List.of("blocks with pooling, as in TAEF2: another network of the same authors")
        : List.of();
  }

  /** Residual blocks of each stage; a convolution without bias begins the next one. */
  private static List<Integer> blocks(StateDict weights, Sequence layers, int from) {
    List<Integer> stages = new ArrayList<>(List.of(0));
    for (long i = from; i < layers.count(weights); i++) {
      String layer = layers.layer(i);
      int last = stages.size() - 1;
      if (weights.tensors().keySet().stream().anyMatch(n -> n.startsWith(layer + ".conv."))) {
        stages.set(last, stages.get(last) + 1);
      } else if (weights.tensors().containsKey(layer + ".weight")
          && !weights.tensors().containsKey(layer + ".bias")) {
        stages.add(0);
      }
    }
    return stages;
  }

  private static List<Integer> repeat(StateDict weights, Sequence layers, List<Integer> blocks) {
    OptionalLong width = weights.size(layers.layer(0) + ".weight", 4, 0);
    return Collections.nCopies(blocks.size(), (int) width.orElse(0));
  }

  @Override
  public KeyMap keyMap(Arguments known) {
    Dims dims =
        Dims.none()
            .with("L", known.integer("latent_channels"))
            .with("C", channels(known))
            .with("I", known.integer("in_channels"))
            .with("O", known.integer("out_channels"));
    KeyMap.Builder map = KeyMap.builder();
    encoder.ifPresent(
        layers -> map.rules(encoderRules(layers, list(known, "num_encoder_blocks")), dims));
    decoder.ifPresent(
        layers -> map.rules(decoderRules(layers, list(known, "num_decoder_blocks")), dims));
    return map.build();
  }

  private static OptionalLong channels(Arguments known) {
    for (String name : List.of("encoder_block_out_channels", "decoder_block_out_channels")) {
      long width = list(known, name).stream().findFirst().orElse(0);
      if (width > 0) {
        return OptionalLong.of(width);
      }
    }
    return OptionalLong.empty();
  }

  private static List<Integer> list(Arguments known, String name) {
    List<Integer> values = new ArrayList<>();
    for (JsonNode value : known.get(name).orElse(IntNode.valueOf(0))) {
      values.add(value.intValue());
    }
    return values;
  }

  private static List<KeyRule> encoderRules(Sequence source, List<Integer> blocks) {
    Sequence target = DIFFUSERS.encoder.orElseThrow();
    List<KeyRule> rules = new ArrayList<>();
    int at = 0;
    for (int stage = 0; stage < blocks.size(); stage++) {
      if (stage == 0) {
        addConvolution(rules, source.layer(at), target.layer(at), "[C, I, 3, 3]", "[C]");
      } else {
        rules.add(kernel(source.layer(at), target.layer(at), "[C, C, 3, 3]"));
      }
      at = addBlocks(rules, source, target, at + 1, blocks.get(stage));
    }
    addConvolution(rules, source.layer(at), target.layer(at), "[L, C, 3, 3]", "[L]");
    return rules;
  }

  private static List<KeyRule> decoderRules(Sequence source, List<Integer> blocks) {
    Sequence target = DIFFUSERS.decoder.orElseThrow();
    List<KeyRule> rules = new ArrayList<>();
    addConvolution(rules, source.layer(0), target.layer(0), "[C, L, 3, 3]", "[C]");
    int at = 2; // after the activation
    for (int stage = 0; stage < blocks.size(); stage++) {
      at = addBlocks(rules, source, target, at, blocks.get(stage));
      if (stage < blocks.size() - 1) {
        at++; // the upsampling layer
        rules.add(kernel(source.layer(at), target.layer(at), "[C, C, 3, 3]"));
        at++;
      }
    }
    addConvolution(rules, source.layer(at), target.layer(at), "[O, C, 3, 3]", "[O]");
    return rules;
  }

  private static int addBlocks(
      List<KeyRule> rules, Sequence source, Sequence target, int first, int count) {
    for (int i = first; i < first + count; i++) {
      for (int conv = 0; conv < 6; conv += 2) {
        String within = ".conv." + conv;
        addConvolution(
            rules, source.layer(i) + within, target.layer(i) + within, "[C, C, 3, 3]", "[C]");
      }
    }
    return first + count;
  }

  private static void addConvolution(
      List<KeyRule> rules, String from, String to, String weight, String bias) {
    rules.add(kernel(from, to, weight));
    rules.add(rename(from + ".bias", to + ".bias", bias));
  }

  private static KeyRule kernel(String from, String to, String shape) {
    return rename(from + ".weight", to + ".weight", shape);
  }
}
