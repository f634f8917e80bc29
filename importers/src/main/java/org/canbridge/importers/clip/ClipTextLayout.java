package org.canbridge.importers.clip;

import static org.canbridge.importers.keys.KeyRule.rename;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
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
 * The state dict of transformers' {@code CLIPTextModel}, and of {@code CLIPModel}, of which it is
 * one half. Symbols: width D, hidden width of the MLP M, rows V and N of the tables of tokens and
 * positions, width P of the projection.
 */
final class ClipTextLayout implements Layout {

  /** transformers since 5.0; the canonical names. */
  static final ClipTextLayout CURRENT = new ClipTextLayout("transformers", "");

  /** transformers before 5.0, and the text half of a whole CLIP. */
  static final ClipTextLayout PREFIXED =
      new ClipTextLayout("transformers (text_model)", "text_model.");

  /** Width of a head of OpenAI's and OpenCLIP's text encoders. */
  private static final int USUAL_HEAD = 64;

  /** Rows of the token table of every published CLIP. */
  private static final int USUAL_VOCABULARY = 49408;

  private static final String LAYER = "encoder.layers.";
  private static final String PROJECTION_DIM = "text_projection_dim";
  private static final String PROJECTION = "text_projection.weight";

  private static final List<String> SQUARE =
      List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj");

  private final String name;
  private final String prefix;

  private ClipTextLayout(String name, String prefix) {
    this.name = name;
    this.prefix = prefix;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Signature signature() {
    return Signature.of(
        prefix + "embeddings.token_embedding.weight",
        prefix + "embeddings.position_embedding.weight",
        prefix + LAYER + "*.self_attn.q_proj.weight",
        prefix + LAYER + "*.mlp.fc1.weight",
        prefix + "final_layer_norm.weight");
  }

  @Override
  public Inference infer(StateDict weights) {
    String tokens = prefix + "embeddings.token_embedding.weight";
    Arguments known =
        Arguments.none()
            .with("vocab_size", weights.size(tokens, 2, 0))
            .with("hidden_size", weights.size(tokens, 2, 1))
            .with("intermediate_size", weights.size(prefix + LAYER + "0.mlp.fc1.weight", 2, 0))
            .with("num_hidden_layers", weights.repeats(prefix + LAYER))
            .with(
                "max_position_embeddings",
                weights.size(prefix + "embeddings.position_embedding.weight", 2, 0));
    if (!weights.tensors().containsKey(PROJECTION)) {
      known = known.with(PROJECTION_DIM, 0);
    } else {
      // Null says that there is a projection, whose width a wrong shape hides.
      known =
          known
              .with(PROJECTION_DIM, NullNode.getInstance())
              .with(PROJECTION_DIM, weights.size(PROJECTION, 2, 0));
    }
    return new Inference(known, questions(known), List.of());
  }

  /** A whole CLIP has the text encoder's arguments in an object of their own. */
  @Override
  public Optional<PublishedConfiguration> configuration() {
    return Optional.of(
        new ConfigurationOfSameNames(
            "model",
            Optional.of("text_config"),
            arguments -> {
              arguments.putArray("architectures").add("CLIPTextModel");
              return arguments.put("model_type", "clip_text_model");
            }));
  }

  private static List<Question> questions(Arguments known) {
    long width = known.integer("hidden_size").orElse(0);
    boolean published = known.integer("vocab_size").orElse(0) == USUAL_VOCABULARY;
    return List.of(
        new Question(
            "num_attention_heads",
            "--heads N",
            "the number of attention heads is in no tensor's shape",
            usual(published && width % USUAL_HEAD == 0, IntNode.valueOf((int) width / USUAL_HEAD))),
        new Question(
            "hidden_act",
            Question.IN_CONFIG,
            "the activation is in no tensor",
            // OpenAI's two sizes; wider ones are OpenCLIP's, which have either.
            usual(
                published && (width == 512 || width == 768),
                TextNode.valueOf(ClipTextConfig.Activation.QUICK_GELU.published()))),
        new Question(
            "layer_norm_eps",
            Question.IN_CONFIG,
            "the eps of the norms is in no tensor",
            Optional.of(DoubleNode.valueOf(1e-5))),
        new Question(
            "eos_token_id",
            Question.IN_CONFIG,
            "the end-of-text token is in no tensor",
            // There it is the largest id, so that both rules agree.
            usual(published, IntNode.valueOf(ClipTextConfig.LARGEST_ID))));
  }

  private static Optional<JsonNode> usual(boolean applies, JsonNode value) {
    return applies ? Optional.of(value) : Optional.empty();
  }

  @Override
  public KeyMap keyMap(Arguments known) {
    Dims dims =
        Dims.none()
            .with("V", known.integer("vocab_size"))
            .with("N", known.integer("max_position_embeddings"))
            .with("D", known.integer("hidden_size"))
            .with("M", known.integer("intermediate_size"))
            .with("P", known.integer(PROJECTION_DIM));
    KeyMap.Builder map =
        KeyMap.builder()
            .rules(
                List.of(
                    rule("embeddings.token_embedding.weight", "[V, D]"),
                    rule("embeddings.position_embedding.weight", "[N, D]")),
                dims)
            .each("i", known.integer("num_hidden_layers").orElse(0), layer(), dims)
            .rules(
                List.of(
                    rule("final_layer_norm.weight", "[D]"), rule("final_layer_norm.bias", "[D]")),
                dims);
    if (!known.integer(PROJECTION_DIM).equals(OptionalLong.of(0))) {
      map.rules(List.of(KeyRule.copy(PROJECTION, "[P, D]")), dims);
    }
    return map.ignore(prefix + "embeddings.position_ids", "the positions 0, 1, 2, ...")
        .ignore("vision_model.*", "the image half of CLIP")
        .ignore("visual_projection.weight", "the image half of CLIP")
        .ignore("logit_scale", "the temperature of CLIP's training")
        .build();
  }

  private List<KeyRule> layer() {
    List<KeyRule> rules = new ArrayList<>();
    for (String projection : SQUARE) {
      addModule(rules, projection, "[D, D]", "[D]");
    }
    addModule(rules, "layer_norm1", "[D]", "[D]");
    addModule(rules, "mlp.fc1", "[M, D]", "[M]");
    addModule(rules, "mlp.fc2", "[D, M]", "[D]");
    addModule(rules, "layer_norm2", "[D]", "[D]");
    return rules;
  }

  private void addModule(List<KeyRule> rules, String module, String weight, String bias) {
    rules.add(rule(LAYER + "{i}." + module + ".weight", weight));
    rules.add(rule(LAYER + "{i}." + module + ".bias", bias));
  }

  private KeyRule rule(String canonical, String shape) {
    return rename(prefix + canonical, canonical, shape);
  }
}
