package org.canbridge.importers.uvit;

import static org.canbridge.importers.keys.KeyRule.copy;
import static org.canbridge.importers.keys.KeyRule.rename;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.NullNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Inference;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.Question;
import org.canbridge.importers.family.Signature;
import org.canbridge.importers.family.StateDict;
import org.canbridge.importers.keys.Dims;
import org.canbridge.importers.keys.KeyMap;
import org.canbridge.importers.keys.KeyRule;

/**
 * The state dict of baofff/U-ViT, {@code libs/uvit.py} and {@code libs/uvit_t2i.py}; the canonical
 * layout. That of DC-AE (mit-han-lab/efficientvit, {@code diffusioncore/models/uvit.py}) has
 * another name for the label table and no final convolution. Symbols: width D, tokens N, channels
 * C, patch side P, rows of the label table R, width of a text embedding T, hidden width of the MLP
 * M.
 */
final class OfficialUvitLayout implements Layout {
  /** What the published text networks take from CLIP ViT-L/14. */
  private static final int CLIP_TOKENS = 77;

  private static final String LABELS = "label_emb.weight";

  private static final List<String> MARKS =
      List.of(
          "patch_embed.proj.weight",
          "in_blocks.*.attn.qkv.weight",
          "mid_block.attn.qkv.weight",
          "out_blocks.*.attn.qkv.weight",
          "decoder_pred.weight");

  private static final List<KeyRule> PATCH_EMBED =
      List.of(
          copy("pos_embed", "[1, N, D]"),
          copy("patch_embed.proj.weight", "[D, C, P, P]"),
          copy("patch_embed.proj.bias", "[D]"));

  private static final List<KeyRule> TIME_EMBED =
      List.of(
          copy("time_embed.0.weight", "[4*D, D]"),
          copy("time_embed.0.bias", "[4*D]"),
          copy("time_embed.2.weight", "[D, 4*D]"),
          copy("time_embed.2.bias", "[D]"));

  private static final List<KeyRule> CONTEXT_EMBED =
      List.of(copy("context_embed.weight", "[D, T]"), copy("context_embed.bias", "[D]"));

  private static final List<KeyRule> HEAD =
      List.of(
          copy("norm.weight", "[D]"),
          copy("norm.bias", "[D]"),
          copy("decoder_pred.weight", "[P*P*C, D]"),
          copy("decoder_pred.bias", "[P*P*C]"));

  private static final List<KeyRule> FINAL_CONVOLUTION =
      List.of(copy("final_layer.weight", "[C, C, 3, 3]"), copy("final_layer.bias", "[C]"));

  static final OfficialUvitLayout OFFICIAL = new OfficialUvitLayout("official", LABELS, List.of());
  static final OfficialUvitLayout DC_AE =
      new OfficialUvitLayout(
          "dc-ae", "label_emb.embedding_table.weight", List.of("label_emb.embedding_table.weight"));

  private final String name;
  private final String labels;
  private final List<String> ownMarks;

  private OfficialUvitLayout(String name, String labels, List<String> ownMarks) {
    this.name = name;
    this.labels = labels;
    this.ownMarks = ownMarks;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Signature signature() {
    List<String> marks = new ArrayList<>(MARKS);
    marks.addAll(ownMarks);
    return new Signature(marks);
  }

  /** The rules of one block at {@code module}. */
  private static List<KeyRule> block(String module, Arguments known) {
    List<KeyRule> rules = new ArrayList<>();
    rules.add(copy(module + ".norm1.weight", "[D]"));
    rules.add(copy(module + ".norm1.bias", "[D]"));
    rules.add(copy(module + ".attn.qkv.weight", "[3*D, D]"));
    if (isSet(known, "qkv_bias")) {
      rules.add(copy(module + ".attn.qkv.bias", "[3*D]"));
    }
    rules.add(copy(module + ".attn.proj.weight", "[D, D]"));
    rules.add(copy(module + ".attn.proj.bias", "[D]"));
    rules.add(copy(module + ".norm2.weight", "[D]"));
    rules.add(copy(module + ".norm2.bias", "[D]"));
    rules.add(copy(module + ".mlp.fc1.weight", "[M, D]"));
    rules.add(copy(module + ".mlp.fc1.bias", "[M]"));
    rules.add(copy(module + ".mlp.fc2.weight", "[D, M]"));
    rules.add(copy(module + ".mlp.fc2.bias", "[D]"));
    return rules;
  }

  private static List<KeyRule> outBlock(Arguments known) {
    List<KeyRule> rules = block("out_blocks.{i}", known);
    if (isSet(known, "skip")) {
      rules.add(copy("out_blocks.{i}.skip_linear.weight", "[D, 2*D]"));
      rules.add(copy("out_blocks.{i}.skip_linear.bias", "[D]"));
    }
    return rules;
  }

  @Override
  public KeyMap keyMap(Arguments known) {
    Dims dims = dims(known);
    long half = known.integer("depth").orElse(0) / 2;
    KeyMap.Builder map = KeyMap.builder().rules(PATCH_EMBED, dims);
    if (isSet(known, "mlp_time_embed")) {
      map.rules(TIME_EMBED, dims);
    }
    if (known.get("clip_dim").isPresent()) {
      map.rules(CONTEXT_EMBED, dims);
    } else if (hasLabels(known)) {
      map.rules(List.of(rename(labels, LABELS, "[R, D]")), dims);
    }
    map.each("i", half, block("in_blocks.{i}", known), dims)
        .rules(block("mid_block", known), dims)
        .each("i", half, outBlock(known), dims)
        .rules(HEAD, dims);
    if (isSet(known, "conv")) {
      map.rules(FINAL_CONVOLUTION, dims);
    }
    return map.build();
  }

  private static boolean isSet(Arguments known, String flag) {
    return known.get(flag).map(JsonNode::booleanValue).orElse(false);
  }

  private static Dims dims(Arguments known) {
    OptionalLong width = known.integer("embed_dim");
    Optional<JsonNode> ratio = known.get("mlp_ratio");
    return Dims.none()
        .with("D", width)
        .with("N", tokens(known))
        .with("C", known.integer("in_chans"))
        .with("P", known.integer("patch_size"))
        .with("R", known.integer("num_classes"))
        .with("T", known.integer("clip_dim"))
        .with(
            "M",
            ratio.isPresent() && width.isPresent()
                ? OptionalLong.of(
                    UvitConfig.mlpHidden(width.getAsLong(), ratio.get().doubleValue()))
                : OptionalLong.empty());
  }

  private static OptionalLong tokens(Arguments known) {
    OptionalLong size = known.integer("img_size");
    OptionalLong patch = known.integer("patch_size");
    OptionalLong extras = extras(known);
    if (size.isEmpty() || patch.isEmpty() || extras.isEmpty()) {
      return OptionalLong.empty();
    }
    long side = size.getAsLong() / patch.getAsLong();
    return OptionalLong.of(extras.getAsLong() + side * side);
  }

  /** The tokens in front of the patches; unknown as long as those of a text are. */
  private static OptionalLong extras(Arguments known) {
    if (known.get("clip_dim").isPresent()) {
      OptionalLong text = known.integer("num_clip_token");
      return text.isPresent() ? OptionalLong.of(1 + text.getAsLong()) : text;
    }
    return OptionalLong.of(hasLabels(known) ? 2 : 1);
  }

  /** Without the table itself the number of classes is unknown, but there are some. */
  private static boolean hasLabels(Arguments known) {
    OptionalLong classes = known.integer("num_classes");
    return classes.isEmpty() || classes.getAsLong() > 0;
  }

  @Override
  public Inference infer(StateDict weights) {
    List<String> problems = new ArrayList<>();
    OptionalLong patch = weights.size("patch_embed.proj.weight", 4, 2);
    OptionalLong width = weights.size("patch_embed.proj.weight", 4, 0);
    OptionalLong mlp = weights.size("mid_block.mlp.fc1.weight", 2, 0);
    long inBlocks = weights.repeats("in_blocks.");
    long outBlocks = weights.repeats("out_blocks.");
    if (inBlocks != outBlocks) {
      problems.add(inBlocks + " blocks in front of the middle one and " + outBlocks + " behind it");
    }
    if (has(weights, "clip_img_embed.")) {
      problems.add(
          "clip_img_embed belongs to the U-ViT of UniDiffuser (Bao et al., 2023), which joins two"
              + " modalities; it is not supported");
    }
    long depth = 2 * Math.max(inBlocks, outBlocks);
    Arguments known =
        Arguments.none()
            .with("patch_size", patch)
            .with("in_chans", weights.size("patch_embed.proj.weight", 4, 1))
            .with("embed_dim", width)
            .with("depth", depth);
    if (mlp.isPresent() && width.isPresent()) {
      known = known.with("mlp_ratio", UvitConfig.mlpRatio(mlp.getAsLong(), width.getAsLong()));
    }
    known =
        known
            .with(
                "qkv_bias",
                weights.tensors().keySet().stream().anyMatch(OfficialUvitLayout::isQkvBias))
            .with("mlp_time_embed", has(weights, "time_embed."));
    boolean text = has(weights, "context_embed.");
    if (text) {
      known = withTextWidth(known, weights.size("context_embed.weight", 2, 1));
    } else if (has(weights, "label_emb.") || lacksLabels(weights)) {
      known = known.with("num_classes", weights.size(labels, 2, 0));
    } else {
      known = known.with("num_classes", -1);
    }
    known =
        known
            .with("conv", has(weights, "final_layer."))
            .with(
                "skip",
                weights.tensors().keySet().stream()
                    .anyMatch(name -> name.contains(".skip_linear.")));
    List<Question> questions = new ArrayList<>();
    questions.add(heads(width.orElse(0), depth));
    if (text) {
      questions.add(textTokens(weights));
    } else {
      known = withImageSize(known, weights, problems);
    }
    return new Inference(known, questions, problems);
  }

  /** A width that cannot be read is null: there is text all the same. */
  private static Arguments withTextWidth(Arguments known, OptionalLong width) {
    return width.isPresent()
        ? known.with("clip_dim", width.getAsLong())
        : known.with("clip_dim", NullNode.instance);
  }

  /** Whether the positions leave room for a label that the file does not have. */
  private static boolean lacksLabels(StateDict weights) {
    OptionalLong withTime = patches(weights, 1);
    return withTime.isPresent()
        && side(withTime.getAsLong()).isEmpty()
        && side(withTime.getAsLong() - 1).isPresent();
  }

  private static boolean isQkvBias(String name) {
    return name.endsWith(".attn.qkv.bias");
  }

  private static boolean has(StateDict weights, String prefix) {
    return weights.tensors().keySet().stream().anyMatch(name -> name.startsWith(prefix));
  }

  private static Question heads(long width, long depth) {
    return new Question(
        "num_heads",
        "--heads N",
        "the number of attention heads is in no tensor's shape",
        UvitSize.of(width, depth).map(size -> IntNode.valueOf(size.heads())));
  }

  /** Positions are counted together; how many of them are text shows nowhere. */
  private static Question textTokens(StateDict weights) {
    OptionalLong patches = patches(weights, 1 + CLIP_TOKENS);
    return new Question(
        "num_clip_token",
        "--text-tokens N",
        "pos_embed counts the positions of text and patches together",
        patches.isPresent() && side(patches.getAsLong()).isPresent()
            ? Optional.of(IntNode.valueOf(CLIP_TOKENS))
            : Optional.empty());
  }

  /** The size of the image follows from the number of text tokens. */
  @Override
  public Arguments complete(Arguments known, StateDict weights) {
    if (known.integer("img_size").isPresent()) {
      return known;
    }
    List<String> problems = new ArrayList<>();
    Arguments completed = withImageSize(known, weights, problems);
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(problems.get(0));
    }
    return completed;
  }

  private static Arguments withImageSize(
      Arguments known, StateDict weights, List<String> problems) {
    OptionalLong patch = known.integer("patch_size");
    OptionalLong extras = extras(known);
    OptionalLong patches =
        extras.isPresent() ? patches(weights, extras.getAsLong()) : OptionalLong.empty();
    if (patch.isEmpty() || patches.isEmpty()) {
      return known;
    }
    OptionalLong side = side(patches.getAsLong());
    if (side.isEmpty()) {
      problems.add(
          "pos_embed has "
              + (extras.getAsLong() + patches.getAsLong())
              + " positions; without the "
              + extras.getAsLong()
              + " of time and condition "
              + patches.getAsLong()
              + " are left, which make no square image");
      return known;
    }
    return known.with("img_size", side.getAsLong() * patch.getAsLong());
  }

  private static OptionalLong patches(StateDict weights, long extras) {
    OptionalLong positions = weights.size("pos_embed", 3, 1);
    return positions.isPresent() ? OptionalLong.of(positions.getAsLong() - extras) : positions;
  }

  private static OptionalLong side(long patches) {
    long side = Math.round(Math.sqrt((double) Math.max(0, patches)));
    return side > 0 && side * side == patches ? OptionalLong.of(side) : OptionalLong.empty();
  }
}
