package org.canbridge.importers.dit;

import static org.canbridge.importers.keys.KeyRule.copy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import java.util.ArrayList;
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
 * The state dict of facebookresearch/DiT, {@code models.py}; the canonical layout. Symbols: width
 * D, tokens N, channels C, patch side P, sinusoid width F, rows of the label table R (classes and
 * the null class), hidden width of the MLP M, values O that the last layer gives for a patch.
 */
final class OfficialDitLayout implements Layout {
  private static final List<KeyRule> EMBEDDERS =
      List.of(
          copy("pos_embed", "[1, N, D]"),
          copy("x_embedder.proj.weight", "[D, C, P, P]"),
          copy("x_embedder.proj.bias", "[D]"),
          copy("t_embedder.mlp.0.weight", "[D, F]"),
          copy("t_embedder.mlp.0.bias", "[D]"),
          copy("t_embedder.mlp.2.weight", "[D, D]"),
          copy("t_embedder.mlp.2.bias", "[D]"),
          copy("y_embedder.embedding_table.weight", "[R, D]"));

  private static final List<KeyRule> BLOCK =
      List.of(
          copy("blocks.{i}.attn.qkv.weight", "[3*D, D]"),
          copy("blocks.{i}.attn.qkv.bias", "[3*D]"),
          copy("blocks.{i}.attn.proj.weight", "[D, D]"),
          copy("blocks.{i}.attn.proj.bias", "[D]"),
          copy("blocks.{i}.mlp.fc1.weight", "[M, D]"),
          copy("blocks.{i}.mlp.fc1.bias", "[M]"),
          copy("blocks.{i}.mlp.fc2.weight", "[D, M]"),
          copy("blocks.{i}.mlp.fc2.bias", "[D]"),
          copy("blocks.{i}.adaLN_modulation.1.weight", "[6*D, D]"),
          copy("blocks.{i}.adaLN_modulation.1.bias", "[6*D]"));

  private static final List<KeyRule> FINAL_LAYER =
      List.of(
          copy("final_layer.linear.weight", "[O, D]"),
          copy("final_layer.linear.bias", "[O]"),
          copy("final_layer.adaLN_modulation.1.weight", "[2*D, D]"),
          copy("final_layer.adaLN_modulation.1.bias", "[2*D]"));

  @Override
  public String name() {
    return "official";
  }

  @Override
  public Signature signature() {
    return Signature.of(
        "x_embedder.proj.weight",
        "t_embedder.mlp.0.weight",
        "y_embedder.embedding_table.weight",
        "blocks.*.adaLN_modulation.1.weight",
        "final_layer.adaLN_modulation.1.weight");
  }

  @Override
  public Inference infer(StateDict weights) {
    List<String> problems = new ArrayList<>();
    OptionalLong patch = weights.size("x_embedder.proj.weight", 4, 2);
    OptionalLong channels = weights.size("x_embedder.proj.weight", 4, 1);
    OptionalLong width = weights.size("x_embedder.proj.weight", 4, 0);
    OptionalLong tokens = weights.size("pos_embed", 3, 1);
    OptionalLong mlp = weights.size("blocks.0.mlp.fc1.weight", 2, 0);
    OptionalLong rows = weights.size("y_embedder.embedding_table.weight", 2, 0);
    OptionalLong frequencies = weights.size("t_embedder.mlp.0.weight", 2, 1);
    OptionalLong outputs = weights.size("final_layer.linear.weight", 2, 0);
    long depth = weights.repeats("blocks.");

    Arguments known = Arguments.none();
    if (tokens.isPresent() && patch.isPresent()) {
      long side = Math.round(Math.sqrt((double) tokens.getAsLong()));
      if (side * side == tokens.getAsLong()) {
        known = known.with("input_size", side * patch.getAsLong());
      } else {
        problems.add(
            "pos_embed has " + tokens.getAsLong() + " positions, which make no square image");
      }
    }
    known =
        known
            .with("patch_size", patch)
            .with("in_channels", channels)
            .with("hidden_size", width)
            .with("depth", depth);
    if (mlp.isPresent() && width.isPresent()) {
      known = known.with("mlp_ratio", DitConfig.mlpRatio(mlp.getAsLong(), width.getAsLong()));
    }
    if (rows.isPresent()) {
      known = known.with("num_classes", rows.getAsLong() - 1);
    }
    if (outputs.isPresent() && patch.isPresent() && channels.isPresent()) {
      long values = patch.getAsLong() * patch.getAsLong() * channels.getAsLong();
      if (outputs.getAsLong() == values || outputs.getAsLong() == 2 * values) {
        known = known.with("learn_sigma", outputs.getAsLong() == 2 * values);
      } else {
        problems.add(
            "final_layer.linear.weight gives "
                + outputs.getAsLong()
                + " values a patch; the patches going in have "
                + values
                + ", so that "
                + values
                + " or (with a learned variance) "
                + 2 * values
                + " are possible");
      }
    }
    known = known.with("frequency_embedding_size", frequencies);
    return new Inference(known, List.of(heads(width.orElse(0), depth)), problems);
  }

  private static Question heads(long width, long depth) {
    Optional<JsonNode> usual = DitSize.of(width, depth).map(size -> IntNode.valueOf(size.heads()));
    return new Question(
        "num_heads", "--heads N", "the number of attention heads is in no tensor's shape", usual);
  }

  @Override
  public KeyMap keyMap(Arguments known) {
    OptionalLong patch = known.integer("patch_size");
    OptionalLong width = known.integer("hidden_size");
    OptionalLong channels = known.integer("in_channels");
    Dims dims =
        Dims.none()
            .with("D", width)
            .with("N", tokens(known.integer("input_size"), patch))
            .with("C", channels)
            .with("P", patch)
            .with("F", known.integer("frequency_embedding_size"))
            .with("R", plusOne(known.integer("num_classes")))
            .with("M", mlpHidden(known, width))
            .with("O", outputs(known, patch, channels));
    return KeyMap.builder()
        .rules(EMBEDDERS, dims)
        .each("i", known.integer("depth").orElse(0), BLOCK, dims)
        .rules(FINAL_LAYER, dims)
        .build();
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
