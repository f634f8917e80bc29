package org.canbridge.importers.dit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Question;
import org.canbridge.importers.family.StateDict;
import org.canbridge.importers.keys.Dims;

/**
 * What the shapes of a DiT tell, and what they must be, whatever the names. Symbols of the rules:
 * width D, tokens N, channels C, patch side P, sinusoid width F, rows of the label table R (classes
 * and the null class), hidden width of the MLP M, values O that the last layer gives for a patch.
 *
 * @param patches the weight of the patch embedding {@code [D, C, P, P]}
 * @param hidden the weight of block 0's first linear map {@code [M, D]}
 * @param labels the label table {@code [R, D]}; block 0's if each block has one
 * @param sinusoid the weight that takes the sinusoid {@code [D, F]}; likewise
 * @param head the last layer's weight {@code [O, D]}
 * @param blocks what stands before a block's number
 */
record DitShapes(
    String patches, String hidden, String labels, String sinusoid, String head, String blocks) {

  /**
   * Every argument that a shape tells but the input size.
   *
   * @param start the input size, where it is known; comes first
   * @param problems takes contradictions
   */
  Arguments infer(Arguments start, StateDict weights, List<String> problems) {
    OptionalLong patch = weights.size(patches, 4, 2);
    OptionalLong channels = weights.size(patches, 4, 1);
    OptionalLong width = weights.size(patches, 4, 0);
    OptionalLong mlp = weights.size(hidden, 2, 0);
    OptionalLong rows = weights.size(labels, 2, 0);
    Arguments known =
        start
            .with("patch_size", patch)
            .with("in_channels", channels)
            .with("hidden_size", width)
            .with("depth", weights.repeats(blocks));
    if (mlp.isPresent() && width.isPresent()) {
      known = known.with("mlp_ratio", DitConfig.mlpRatio(mlp.getAsLong(), width.getAsLong()));
    }
    if (rows.isPresent()) {
      known = known.with("num_classes", rows.getAsLong() - 1);
    }
    OptionalLong outputs = weights.size(head, 2, 0);
    if (outputs.isPresent() && patch.isPresent() && channels.isPresent()) {
      long values = patch.getAsLong() * patch.getAsLong() * channels.getAsLong();
      if (outputs.getAsLong() == values || outputs.getAsLong() == 2 * values) {
        known = known.with("learn_sigma", outputs.getAsLong() == 2 * values);
      } else {
        problems.add(wrongHead(outputs.getAsLong(), values));
      }
    }
    return known.with("frequency_embedding_size", weights.size(sinusoid, 2, 1));
  }

  private String wrongHead(long outputs, long values) {
    return head
        + " gives "
        + outputs
        + " values a patch; the patches going in have "
        + values
        + ", so that "
        + values
        + " or (with a learned variance) "
        + 2 * values
        + " are possible";
  }

  /** The number of heads, with that of the published network of these sizes. */
  static Question heads(Arguments known) {
    long width = known.integer("hidden_size").orElse(0);
    long depth = known.integer("depth").orElse(0);
    Optional<JsonNode> usual = DitSize.of(width, depth).map(size -> IntNode.valueOf(size.heads()));
    return new Question(
        "num_heads", "--heads N", "the number of attention heads is in no tensor's shape", usual);
  }

  /** Whether every block has embedders of its own. */
  static boolean perBlock(Arguments known) {
    return known.get("per_block_embedders").filter(JsonNode::booleanValue).isPresent();
  }

  /** The sizes that the rules' symbols stand for. */
  static Dims dims(Arguments known) {
    OptionalLong patch = known.integer("patch_size");
    OptionalLong width = known.integer("hidden_size");
    OptionalLong channels = known.integer("in_channels");
    return Dims.none()
        .with("D", width)
        .with("N", tokens(known.integer("input_size"), patch))
        .with("C", channels)
        .with("P", patch)
        .with("F", known.integer("frequency_embedding_size"))
        .with("R", plusOne(known.integer("num_classes")))
        .with("M", mlpHidden(known, width))
        .with("O", outputs(known, patch, channels));
  }

  private static OptionalLong tokens(OptionalLong inputSize, OptionalLong patch) {
    if (inputSize.isEmpty() || patch.isEmpty()) {
      return OptionalLong.empty();
    }
    long side = inputSize.getAsLong() / patch.getAsLong();
    return OptionalLong.of(side * side);
  }

  private static OptionalLong plusOne(OptionalLong value) {
    return value.isPresent() ? OptionalLong.of(value.getAsLong() + 1) : value;
  }

  private static OptionalLong mlpHidden(Arguments known, OptionalLong width) {
    Optional<JsonNode> ratio = known.get("mlp_ratio");
    return ratio.isPresent() && width.isPresent()
        ? OptionalLong.of(DitConfig.mlpHidden(width.getAsLong(), ratio.get().doubleValue()))
        : OptionalLong.empty();
  }

  private static OptionalLong outputs(Arguments known, OptionalLong patch, OptionalLong channels) {
    Optional<JsonNode> sigma = known.get("learn_sigma");
    if (sigma.isEmpty() || patch.isEmpty() || channels.isEmpty()) {
      return OptionalLong.empty();
    }
    long values = patch.getAsLong() * patch.getAsLong() * channels.getAsLong();
    return OptionalLong.of(sigma.get().booleanValue() ? 2 * values : values);
  }
}
