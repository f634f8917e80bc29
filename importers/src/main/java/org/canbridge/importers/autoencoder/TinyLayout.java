package org.canbridge.importers.autoencoder;

import static org.canbridge.importers.keys.KeyRule.copy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.ConfigurationOfSameNames;
import org.canbridge.importers.family.Inference;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.PublishedConfiguration;
import org.canbridge.importers.family.Question;
import org.canbridge.importers.family.Signature;
import org.canbridge.importers.family.StateDict;
import org.canbridge.importers.keys.Dims;
import org.canbridge.importers.keys.KeyMap;
import org.canbridge.importers.keys.KeyRule;

/**
 * TAESD as diffusers writes it: two numbered sequences of layers. The encoder's are a convolution,
 * residual blocks, and for each further stage a convolution without bias and residual blocks; then
 * a last convolution. In the decoder an activation follows the first convolution, and an upsampling
 * layer precedes each one without bias; both are numbered and have no tensors. Symbols: channels I
 * and O of the images, L of the latent, C of every layer.
 */
final class TinyLayout implements Layout {
  private static final String ENCODER = "encoder.layers.";
  private static final String DECODER = "decoder.layers.";
  private static final int FIRST_OF_ENCODER = 1;
  private static final int FIRST_OF_DECODER = 2;

  @Override
  public String name() {
    return "diffusers";
  }

  @Override
  public Signature signature() {
    return Signature.of(
        ENCODER + "0.weight",
        ENCODER + "1.conv.0.weight",
        ENCODER + "1.conv.4.weight",
        DECODER + "0.weight",
        DECODER + "2.conv.0.weight",
        DECODER + "2.conv.4.weight");
  }

  @Override
  public Inference infer(StateDict weights) {
    List<Integer> encoder = blocks(weights, ENCODER, FIRST_OF_ENCODER, 1);
    List<Integer> decoder = blocks(weights, DECODER, FIRST_OF_DECODER, 2);
    OptionalLong width =
        first(weights.size(ENCODER + "0.weight", 4, 0), weights.size(DECODER + "0.weight", 4, 0));
    OptionalLong latent =
        first(
            weights.size(DECODER + "0.weight", 4, 1),
            weights.size(last(weights, ENCODER) + ".weight", 4, 0));
    Arguments known =
        Arguments.none()
            .with("in_channels", weights.size(ENCODER + "0.weight", 4, 1))
            .with("out_channels", weights.size(last(weights, DECODER) + ".weight", 4, 0));
    if (width.isPresent()) {
      int channels = Math.toIntExact(width.getAsLong());
      known =
          known
              .with("encoder_block_out_channels", Collections.nCopies(encoder.size(), channels))
              .with("decoder_block_out_channels", Collections.nCopies(decoder.size(), channels));
    }
    return new Inference(
        known
            .with("latent_channels", latent)
            .with("num_encoder_blocks", encoder)
            .with("num_decoder_blocks", decoder),
        List.of(upsampling()),
        List.of());
  }

  @Override
  public Optional<PublishedConfiguration> configuration() {
    return Optional.of(
        new ConfigurationOfSameNames(
            "diffusion_pytorch_model",
            Optional.empty(),
            arguments -> {
              arguments.put("_class_name", "AutoencoderTiny").put("act_fn", "relu");
              arguments.set("block_out_channels", arguments.get("encoder_block_out_channels"));
              return arguments;
            }));
  }

  private static Question upsampling() {
    return new Question(
        "upsampling_scaling_factor",
        Question.IN_CONFIG,
        "the factor of the upsampling layers is in no tensor",
        Optional.of(IntNode.valueOf(2)));
  }

  private static OptionalLong first(OptionalLong... sizes) {
    return Stream.of(sizes)
        .filter(OptionalLong::isPresent)
        .findFirst()
        .orElse(OptionalLong.empty());
  }

  private static String last(StateDict weights, String sequence) {
    return sequence + (weights.repeats(sequence) - 1);
  }

  /**
   * Residual blocks of each stage. What lies between two stages is told by where no block is, so
   * that a tensor that is missing there does not change the count.
   *
   * @param first number of the first layer that may be a block
   * @param between layers between two stages
   */
  private static List<Integer> blocks(StateDict weights, String sequence, long first, int between) {
    List<Integer> stages = new ArrayList<>(List.of(0));
    int gap = 0;
    for (long i = first; i < weights.repeats(sequence) - 1; i++) {
      String block = sequence + i + ".conv.";
      if (weights.tensors().keySet().stream().anyMatch(name -> name.startsWith(block))) {
        stages.set(stages.size() - 1, stages.get(stages.size() - 1) + 1);
        gap = 0;
      } else if (++gap % between == 0) {
        stages.add(0);
      }
    }
    return stages;
  }

  @Override
  public KeyMap keyMap(Arguments known) {
    List<Integer> widths = list(known, "encoder_block_out_channels");
    Dims dims =
        Dims.none()
            .with("I", known.integer("in_channels"))
            .with("O", known.integer("out_channels"))
            .with("L", known.integer("latent_channels"))
            .with("C", widths.isEmpty() ? OptionalLong.empty() : OptionalLong.of(widths.get(0)));
    return KeyMap.builder()
        .rules(encoder(list(known, "num_encoder_blocks")), dims)
        .rules(decoder(list(known, "num_decoder_blocks")), dims)
        .build();
  }

  private static List<Integer> list(Arguments known, String name) {
    List<Integer> values = new ArrayList<>();
    known.get(name).ifPresent(list -> list.forEach((JsonNode n) -> values.add(n.intValue())));
    return values;
  }

  private static List<KeyRule> encoder(List<Integer> stages) {
    List<KeyRule> rules = new ArrayList<>();
    addConvolution(rules, ENCODER + 0, "[C, I, 3, 3]", "[C]");
    int at = FIRST_OF_ENCODER;
    for (int stage = 0; stage < stages.size(); stage++) {
      if (stage > 0) {
        rules.add(copy(ENCODER + at++ + ".weight", "[C, C, 3, 3]"));
      }
      at = addBlocks(rules, ENCODER, at, stages.get(stage));
    }
    addConvolution(rules, ENCODER + at, "[L, C, 3, 3]", "[L]");
    return rules;
  }

  private static List<KeyRule> decoder(List<Integer> stages) {
    List<KeyRule> rules = new ArrayList<>();
    addConvolution(rules, DECODER + 0, "[C, L, 3, 3]", "[C]");
    int at = FIRST_OF_DECODER;
    for (int stage = 0; stage < stages.size(); stage++) {
      if (stage > 0) {
        at++; // the upsampling layer
        rules.add(copy(DECODER + at++ + ".weight", "[C, C, 3, 3]"));
      }
      at = addBlocks(rules, DECODER, at, stages.get(stage));
    }
    addConvolution(rules, DECODER + at, "[O, C, 3, 3]", "[O]");
    return rules;
  }

  /** The rules of {@code count} blocks from number {@code first}; the number after them. */
  private static int addBlocks(List<KeyRule> rules, String sequence, int first, int count) {
    for (int i = first; i < first + count; i++) {
      for (int conv = 0; conv < 6; conv += 2) {
        addConvolution(rules, sequence + i + ".conv." + conv, "[C, C, 3, 3]", "[C]");
      }
    }
    return first + count;
  }

  private static void addConvolution(List<KeyRule> rules, String name, String weight, String bias) {
    rules.add(copy(name + ".weight", weight));
    rules.add(copy(name + ".bias", bias));
  }
}
