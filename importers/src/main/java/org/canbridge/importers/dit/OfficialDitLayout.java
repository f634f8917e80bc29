package org.canbridge.importers.dit;

import static org.canbridge.importers.keys.KeyRule.copy;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Inference;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.Signature;
import org.canbridge.importers.family.StateDict;
import org.canbridge.importers.keys.Dims;
import org.canbridge.importers.keys.Globs;
import org.canbridge.importers.keys.KeyMap;
import org.canbridge.importers.keys.KeyRule;

/**
 * The state dict of facebookresearch/DiT, {@code models.py}; the canonical layout. A network with
 * embedders for every block, which the authors do not have, stores them inside the blocks: {@code
 * blocks.0.t_embedder.mlp.0.weight}. {@link DitShapes} explains the symbols.
 */
final class OfficialDitLayout implements Layout {
  private static final Pattern OWN_EMBEDDER = Globs.compile("blocks.*_embedder.*");
  private static final DitShapes SHAPES =
      shapes("y_embedder.embedding_table.weight", "t_embedder.mlp.0.weight");
  private static final DitShapes PER_BLOCK_SHAPES =
      shapes("blocks.0.y_embedder.embedding_table.weight", "blocks.0.t_embedder.mlp.0.weight");

  private static final List<KeyRule> PATCHES =
      List.of(
          copy("pos_embed", "[1, N, D]"),
          copy("x_embedder.proj.weight", "[D, C, P, P]"),
          copy("x_embedder.proj.bias", "[D]"));

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

  private static DitShapes shapes(String labels, String sinusoid) {
    return new DitShapes(
        "x_embedder.proj.weight",
        "blocks.0.mlp.fc1.weight",
        labels,
        sinusoid,
        "final_layer.linear.weight",
        "blocks.");
  }

  /** The embedders of timestep and label; {@code prefix} is the block's path with its dot. */
  private static List<KeyRule> embedders(String prefix) {
    return List.of(
        copy(prefix + "t_embedder.mlp.0.weight", "[D, F]"),
        copy(prefix + "t_embedder.mlp.0.bias", "[D]"),
        copy(prefix + "t_embedder.mlp.2.weight", "[D, D]"),
        copy(prefix + "t_embedder.mlp.2.bias", "[D]"),
        copy(prefix + "y_embedder.embedding_table.weight", "[R, D]"));
  }

  @Override
  public String name() {
    return "official";
  }

  @Override
  public Signature signature() {
    return Signature.of(
        "x_embedder.proj.weight",
        "*t_embedder.mlp.0.weight",
        "*y_embedder.embedding_table.weight",
        "blocks.*.adaLN_modulation.1.weight",
        "final_layer.adaLN_modulation.1.weight");
  }

  @Override
  public Inference infer(StateDict weights) {
    List<String> problems = new ArrayList<>();
    boolean perBlock =
        weights.tensors().keySet().stream().anyMatch(OWN_EMBEDDER.asMatchPredicate());
    Arguments known =
        (perBlock ? PER_BLOCK_SHAPES : SHAPES)
            .infer(inputSize(weights, problems), weights, problems)
            .with("timestep_frequency_shift", DitConfig.OFFICIAL_SHIFT)
            .with("norm_eps", DitConfig.OFFICIAL_EPS)
            .with("per_block_embedders", perBlock);
    return new Inference(known, List.of(DitShapes.heads(known)), problems);
  }

  private static Arguments inputSize(StateDict weights, List<String> problems) {
    OptionalLong patch = weights.size(SHAPES.patches(), 4, 2);
    OptionalLong tokens = weights.size("pos_embed", 3, 1);
    if (tokens.isEmpty() || patch.isEmpty()) {
      return Arguments.none();
    }
    long side = Math.round(Math.sqrt((double) tokens.getAsLong()));
    if (side * side != tokens.getAsLong()) {
      problems.add(
          "pos_embed has " + tokens.getAsLong() + " positions, which make no square image");
      return Arguments.none();
    }
    return Arguments.none().with("input_size", side * patch.getAsLong());
  }

  @Override
  public KeyMap keyMap(Arguments known) {
    Dims dims = DitShapes.dims(known);
    List<KeyRule> block = new ArrayList<>();
    KeyMap.Builder map = KeyMap.builder().rules(PATCHES, dims);
    if (DitShapes.perBlock(known)) {
      block.addAll(embedders("blocks.{i}."));
    } else {
      map.rules(embedders(""), dims);
    }
    block.addAll(BLOCK);
    return map.each("i", known.integer("depth").orElse(0), block, dims)
        .rules(FINAL_LAYER, dims)
        .build();
  }
}
