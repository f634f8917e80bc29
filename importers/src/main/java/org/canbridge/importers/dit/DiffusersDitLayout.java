package org.canbridge.importers.dit;

import static org.canbridge.importers.keys.KeyRule.computed;
import static org.canbridge.importers.keys.KeyRule.concat;
import static org.canbridge.importers.keys.KeyRule.merge;
import static org.canbridge.importers.keys.KeyRule.rename;

import com.fasterxml.jackson.databind.node.DoubleNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Inference;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.PublishedConfiguration;
import org.canbridge.importers.family.Question;
import org.canbridge.importers.family.Signature;
import org.canbridge.importers.family.StateDict;
import org.canbridge.importers.keys.Dims;
import org.canbridge.importers.keys.KeyMap;
import org.canbridge.importers.keys.KeyRule;
import org.canbridge.importers.keys.Slot;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * diffusers' {@code DiTTransformer2DModel} (before 0.30 a {@code Transformer2DModel} with {@code
 * ada_norm_zero}). {@link DitShapes} explains the symbols. It differs from the official layout in
 * more than names:
 *
 * <ul>
 *   <li>the projections to queries, keys and values are three;
 *   <li>every block has embedders of timestep and label. Files made from an official one repeat the
 *       same; they become one here if all are equal byte for byte;
 *   <li>the table of positions is not stored: it is computed from the size;
 *   <li>the arithmetic: the sinusoid's exponent divides by half its width minus 1, and {@code
 *       norm3} has {@code norm_eps} of config.json. The same weights give other results than
 *       officially; the arguments {@code timestep_frequency_shift} and {@code norm_eps} keep that.
 * </ul>
 *
 * <p>Source: huggingface/diffusers, {@code models/transformers/dit_transformer_2d.py}, {@code
 * models/embeddings.py}, {@code models/normalization.py}.
 */
final class DiffusersDitLayout implements Layout {
  private static final String BLOCKS = "transformer_blocks.";
  private static final String EMBEDDERS = ".norm1.emb.";
  private static final int FREQUENCY_SHIFT = 1;

  /** {@code norm_eps} where config.json does not say. */
  private static final double USUAL_EPS = 1e-5;

  private static final DitShapes SHAPES =
      new DitShapes(
          "pos_embed.proj.weight",
          BLOCKS + "0.ff.net.0.proj.weight",
          BLOCKS + "0.norm1.emb.class_embedder.embedding_table.weight",
          BLOCKS + "0.norm1.emb.timestep_embedder.linear_1.weight",
          "proj_out_2.weight",
          BLOCKS);

  /** Name below {@code norm1.emb}, name below the block or the network, shape. */
  private static final List<List<String>> EMBEDDER =
      List.of(
          List.of("timestep_embedder.linear_1.weight", "t_embedder.mlp.0.weight", "[D, F]"),
          List.of("timestep_embedder.linear_1.bias", "t_embedder.mlp.0.bias", "[D]"),
          List.of("timestep_embedder.linear_2.weight", "t_embedder.mlp.2.weight", "[D, D]"),
          List.of("timestep_embedder.linear_2.bias", "t_embedder.mlp.2.bias", "[D]"),
          List.of(
              "class_embedder.embedding_table.weight",
              "y_embedder.embedding_table.weight",
              "[R, D]"));

  private static final List<KeyRule> PATCHES =
      List.of(
          computed(Slot.of("pos_embed", "[1, N, D]"), SineCosinePositions.TABLE),
          rename("pos_embed.proj.weight", "x_embedder.proj.weight", "[D, C, P, P]"),
          rename("pos_embed.proj.bias", "x_embedder.proj.bias", "[D]"));

  private static final List<KeyRule> BLOCK =
      List.of(
          qkv("weight", "[3*D, D]", "[D, D]"),
          qkv("bias", "[3*D]", "[D]"),
          inBlock("attn1.to_out.0.weight", "attn.proj.weight", "[D, D]"),
          inBlock("attn1.to_out.0.bias", "attn.proj.bias", "[D]"),
          inBlock("ff.net.0.proj.weight", "mlp.fc1.weight", "[M, D]"),
          inBlock("ff.net.0.proj.bias", "mlp.fc1.bias", "[M]"),
          inBlock("ff.net.2.weight", "mlp.fc2.weight", "[D, M]"),
          inBlock("ff.net.2.bias", "mlp.fc2.bias", "[D]"),
          inBlock("norm1.linear.weight", "adaLN_modulation.1.weight", "[6*D, D]"),
          inBlock("norm1.linear.bias", "adaLN_modulation.1.bias", "[6*D]"));

  private static final List<KeyRule> FINAL_LAYER =
      List.of(
          rename("proj_out_2.weight", "final_layer.linear.weight", "[O, D]"),
          rename("proj_out_2.bias", "final_layer.linear.bias", "[O]"),
          rename("proj_out_1.weight", "final_layer.adaLN_modulation.1.weight", "[2*D, D]"),
          rename("proj_out_1.bias", "final_layer.adaLN_modulation.1.bias", "[2*D]"));

  private static final Pattern IN_BLOCK = Pattern.compile("blocks\\.(\\d+)(\\..*)?");

  /** Our module paths below a block, theirs below {@code transformer_blocks.i}. */
  private static final Map<String, String> BLOCK_MODULES =
      Map.of(
          ".attn", ".attn1",
          ".mlp", ".ff",
          ".mlp.fc1", ".ff.net.0.proj",
          ".adaLN_modulation.1", ".norm1.linear",
          ".sinusoid", ".norm1.emb.time_proj",
          ".t_embedder", ".norm1.emb.timestep_embedder",
          ".y_embedder", ".norm1.emb.class_embedder",
          ".condition", ".norm1.emb");

  private static final Map<String, String> MODULES =
      Map.of(
          "x_embedder.proj", "pos_embed.proj",
          "tokens", "pos_embed",
          "final_layer.adaLN_modulation.1", "proj_out_1",
          "final_layer.linear", "proj_out_2");

  private static KeyRule inBlock(String source, String target, String shape) {
    return rename(BLOCKS + "{i}." + source, "blocks.{i}." + target, shape);
  }

  private static KeyRule qkv(String kind, String whole, String part) {
    String attention = BLOCKS + "{i}.attn1.";
    return concat(
        0,
        Slot.of("blocks.{i}.attn.qkv." + kind, whole),
        Slot.of(attention + "to_q." + kind, part),
        Slot.of(attention + "to_k." + kind, part),
        Slot.of(attention + "to_v." + kind, part));
  }

  @Override
  public String name() {
    return "diffusers";
  }

  @Override
  public Signature signature() {
    return Signature.of(
        "pos_embed.proj.weight",
        BLOCKS + "*.norm1.emb.timestep_embedder.linear_1.weight",
        BLOCKS + "*.norm1.emb.class_embedder.embedding_table.weight",
        BLOCKS + "*.norm1.linear.weight",
        "proj_out_1.weight");
  }

  @Override
  public Inference infer(StateDict weights) {
    List<String> problems = new ArrayList<>();
    Arguments known =
        SHAPES
            .infer(Arguments.none(), weights, problems)
            .with("timestep_frequency_shift", FREQUENCY_SHIFT)
            .with("per_block_embedders", differ(weights));
    Question inputSize =
        new Question(
            "input_size",
            Question.IN_CONFIG,
            "the table of positions, which tells the input size, is not stored in this layout",
            Optional.empty());
    Question normEps =
        new Question(
            "norm_eps",
            Question.IN_CONFIG,
            "the eps of norm3 is in no tensor",
            Optional.of(DoubleNode.valueOf(USUAL_EPS)));
    return new Inference(known, List.of(inputSize, DitShapes.heads(known), normEps), problems);
  }

  /** Whether any block's embedders are others than block 0's; a missing one is not another. */
  private static boolean differ(StateDict weights) {
    long depth = weights.repeats(BLOCKS);
    for (List<String> tensor : EMBEDDER) {
      TensorData first = weights.tensors().get(BLOCKS + "0" + EMBEDDERS + tensor.get(0));
      for (long i = 1; i < depth && first != null; i++) {
        TensorData other = weights.tensors().get(BLOCKS + i + EMBEDDERS + tensor.get(0));
        if (other != null
            && other.type().equals(first.type())
            && !Tensors.sameBytes(first, other)) {
          return true;
        }
      }
    }
    return false;
  }

  @Override
  public Optional<String> remark() {
    return Optional.of(
        "computes as diffusers does; the authors' own code gives other results from the same"
            + " weights (timestep_frequency_shift 0, norm_eps 1e-6)");
  }

  @Override
  public Optional<PublishedConfiguration> configuration() {
    return Optional.of(new DiffusersDitConfiguration());
  }

  @Override
  public Arguments complete(Arguments known, StateDict weights) {
    long patch = known.integer("patch_size").orElse(1);
    SineCosinePositions.findObstacle(
            known.integer("input_size").orElse(0) / patch, known.integer("hidden_size").orElse(0))
        .ifPresent(
            obstacle -> {
              throw new IllegalArgumentException(obstacle);
            });
    return known;
  }

  @Override
  public KeyMap keyMap(Arguments known) {
    long depth = known.integer("depth").orElse(0);
    Dims dims = DitShapes.dims(known);
    KeyMap.Builder map = KeyMap.builder().rules(PATCHES, dims);
    List<KeyRule> block = new ArrayList<>();
    for (List<String> tensor : EMBEDDER) {
      String source = EMBEDDERS.substring(1) + tensor.get(0);
      if (DitShapes.perBlock(known)) {
        block.add(inBlock(source, tensor.get(1), tensor.get(2)));
      } else if (depth > 0) {
        List<Slot> copies = new ArrayList<>();
        for (long i = 0; i < depth; i++) {
          copies.add(Slot.of(BLOCKS + i + "." + source, tensor.get(2)));
        }
        map.rules(List.of(merge(Slot.of(tensor.get(1), tensor.get(2)), copies)), dims);
      }
    }
    block.addAll(BLOCK);
    return map.each("i", depth, block, dims).rules(FINAL_LAYER, dims).build();
  }

  /** Embedders that all blocks share stand in block 0 here. */
  @Override
  public String publishedModule(String canonical, Arguments arguments) {
    String published = MODULES.get(canonical);
    Matcher block = IN_BLOCK.matcher(canonical);
    if (published == null && block.matches()) {
      String inside = block.group(2) == null ? "" : BLOCK_MODULES.get(block.group(2));
      published = inside == null ? null : BLOCKS + block.group(1) + inside;
    } else if (published == null && BLOCK_MODULES.containsKey("." + canonical)) {
      published = BLOCKS + "0" + BLOCK_MODULES.get("." + canonical);
    }
    return published == null ? canonical : published;
  }
}
