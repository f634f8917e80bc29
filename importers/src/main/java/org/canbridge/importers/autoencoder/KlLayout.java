package org.canbridge.importers.autoencoder;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
import org.canbridge.importers.keys.KeyMap;

/** AutoencoderKL under one set of names. */
final class KlLayout implements Layout {

  /** Groups of every published autoencoder. */
  private static final int USUAL_GROUPS = 32;

  private final KlNames names;
  private final Map<String, String> ignored;

  private KlLayout(KlNames names, Map<String, String> ignored) {
    this.names = names;
    this.ignored = ignored;
  }

  /** A file that holds the autoencoder alone. */
  static KlLayout alone(KlNames names) {
    return new KlLayout(names, Map.of("loss.*", "loss of the autoencoder's own training"));
  }

  /** A checkpoint of Stable Diffusion. */
  static KlLayout stableDiffusion() {
    Map<String, String> others = new LinkedHashMap<>();
    others.put("model.*", "the diffusion network, not its autoencoder");
    others.put("model_ema.*", "moving average of the diffusion network");
    others.put("cond_stage_model.*", "the text encoder, not the autoencoder");
    others.put("conditioner.*", "the text encoders, not the autoencoder");
    for (String table :
        List.of(
            "betas",
            "alphas_cumprod*",
            "sqrt_*",
            "log_one_minus_alphas_cumprod",
            "posterior_*",
            "logvar",
            "lvlb_weights",
            "denoiser.*")) {
      others.put(table, "a table of the noise schedule");
    }
    others.put("scale_factor", "the scaling of the latents, as in scaling_factor");
    others.put("first_stage_model.loss.*", "loss of the autoencoder's own training");
    return new KlLayout(KlNames.STABLE_DIFFUSION, others);
  }

  @Override
  public String name() {
    return names.layout();
  }

  @Override
  public Signature signature() {
    String prefix = names.prefix();
    String query = names.attention() + "." + names.attentionParts().get(1) + ".weight";
    return Signature.of(
        prefix + names.encoderResidual().replaceAll("\\{.*?}", "*") + ".conv1.weight",
        prefix + names.decoderResidual().replaceAll("\\{.*?}", "*") + ".conv1.weight",
        prefix + "decoder." + names.lastNorm() + ".weight",
        prefix + "encoder." + query,
        prefix + "decoder." + query);
  }

  @Override
  public Inference infer(StateDict weights) {
    String prefix = names.prefix();
    String stages = prefix + names.encoderResidual();
    // Names alone must not make us write out rules without bound; stages beyond are unexpected.
    long count =
        Math.min(
            weights.repeats(stages.substring(0, stages.indexOf("{s}"))),
            AutoencoderKlConfig.MAX_STAGES);
    ArrayNode channels = JsonNodeFactory.instance.arrayNode();
    for (long s = 0; s < count; s++) {
      OptionalLong width = channels(weights, stages.replace("{s}", s + "").replace("{j}", "0"));
      channels.add(
          width.isPresent() ? IntNode.valueOf((int) width.getAsLong()) : channels.nullNode());
    }
    String blocks = stages.replace("{s}", "0");
    Arguments known =
        Arguments.none()
            .with("in_channels", weights.size(prefix + "encoder.conv_in.weight", 4, 1))
            .with("out_channels", weights.size(prefix + "decoder.conv_out.weight", 4, 0))
            .with("block_out_channels", channels)
            .with("layers_per_block", weights.repeats(blocks.substring(0, blocks.indexOf("{j}"))))
            .with("latent_channels", weights.size(prefix + "decoder.conv_in.weight", 4, 1));
    boolean quantConv = holds(weights, "quant_conv.");
    List<Question> questions = questions(channels, known.integer("latent_channels"), quantConv);
    return new Inference(
        known
            .with("use_quant_conv", quantConv)
            .with("use_post_quant_conv", holds(weights, "post_quant_conv.")),
        questions,
        count == 0 ? List.of("the encoder has no stages") : List.of());
  }

  @Override
  public Optional<PublishedConfiguration> configuration() {
    return names.layout().contains("diffusers")
        ? Optional.of(
            new ConfigurationOfSameNames(
                "diffusion_pytorch_model", Optional.empty(), KlLayout::describe))
        : Optional.empty();
  }

  private static ObjectNode describe(ObjectNode arguments) {
    arguments.put("_class_name", "AutoencoderKL").put("act_fn", "silu");
    for (int i = 0; i < arguments.get("block_out_channels").size(); i++) {
      arguments.withArray("down_block_types").add("DownEncoderBlock2D");
      arguments.withArray("up_block_types").add("UpDecoderBlock2D");
    }
    return arguments;
  }

  private boolean holds(StateDict weights, String start) {
    String full = names.prefix() + start;
    return weights.tensors().keySet().stream().anyMatch(name -> name.startsWith(full));
  }

  /** Channels that a residual block gives, by whichever of its tensors is there. */
  private static OptionalLong channels(StateDict weights, String block) {
    for (OptionalLong size :
        List.of(
            weights.size(block + ".conv1.weight", 4, 0),
            weights.size(block + ".conv2.weight", 4, 0),
            weights.size(block + ".norm2.weight", 1, 0))) {
      if (size.isPresent()) {
        return size;
      }
    }
    return OptionalLong.empty();
  }

  private static List<Question> questions(
      ArrayNode channels, OptionalLong latentChannels, boolean quantConv) {
    boolean divisible = true;
    for (JsonNode width : channels) {
      divisible &= width.asInt() % USUAL_GROUPS == 0;
    }
    // Later models leave quant_conv out, scale otherwise and shift.
    boolean stableDiffusion = quantConv && latentChannels.equals(OptionalLong.of(4));
    return List.of(
        new Question(
            "norm_num_groups",
            Question.IN_CONFIG,
            "the number of groups of the norms is in no tensor's shape",
            usual(divisible, IntNode.valueOf(USUAL_GROUPS))),
        new Question(
            "scaling_factor",
            Question.IN_CONFIG,
            "the scaling of the latents is in no tensor",
            usual(stableDiffusion, DoubleNode.valueOf(AutoencoderKlFamily.SD_SCALING))),
        new Question(
            "shift_factor",
            Question.IN_CONFIG,
            "the shift of the latents is in no tensor",
            usual(stableDiffusion, DoubleNode.valueOf(0))));
  }

  private static Optional<JsonNode> usual(boolean applies, JsonNode value) {
    return applies ? Optional.of(value) : Optional.empty();
  }

  @Override
  public KeyMap keyMap(Arguments known) {
    List<OptionalLong> stages = new ArrayList<>();
    for (JsonNode width : known.get("block_out_channels").orElseThrow()) {
      stages.add(
          width.isIntegralNumber() ? OptionalLong.of(width.longValue()) : OptionalLong.empty());
    }
    if (stages.isEmpty()) {
      return KeyMap.builder().build();
    }
    OptionalLong latent = known.integer("latent_channels");
    OptionalLong moments = latent.isPresent() ? OptionalLong.of(2 * latent.getAsLong()) : latent;
    long blocks = known.integer("layers_per_block").orElse(0);
    KlRules rules = new KlRules(names, stages);
    rules.encoder(known.integer("in_channels"), moments, blocks);
    rules.decoder(latent, known.integer("out_channels"), blocks);
    if (flag(known, "use_quant_conv")) {
      rules.quantConv("quant_conv", moments);
    }
    if (flag(known, "use_post_quant_conv")) {
      rules.quantConv("post_quant_conv", latent);
    }
    ignored.forEach(rules.map()::ignore);
    return rules.map().build();
  }

  /** Told by where the tensors go. Modules count from the autoencoder's own root. */
  @Override
  public String publishedModule(String canonical, Arguments arguments) {
    String prefix = names.prefix();
    return keyMap(arguments)
        .inverse()
        .targetModule(canonical)
        .filter(module -> module.startsWith(prefix))
        .map(module -> module.substring(prefix.length()))
        .orElse(canonical);
  }

  private static boolean flag(Arguments known, String name) {
    return known.get(name).filter(JsonNode::booleanValue).isPresent();
  }
}
