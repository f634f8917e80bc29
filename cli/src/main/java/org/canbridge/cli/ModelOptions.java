package org.canbridge.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.ObjectiveSettings;
import org.canbridge.importers.family.PathKind;
import org.canbridge.importers.family.PublishedModel;
import org.canbridge.importers.family.Weights;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.published.HubCache;
import org.canbridge.importers.published.PipelineFolder;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.graph.json.GraphJson;

/** The options that settle what a published file cannot tell; for every command that takes one. */
final class ModelOptions {
  static final Opt<Optional<String>> ARCH =
      Opt.of("arch", "NAME", Value.parsed(Function.identity(), ModelOptions::published))
          .elsewhere("model", "model-name", "architecture")
          .help("the published model that the file is, e.g. DiT-XL/2");
  private static final Opt<Optional<Integer>> HEADS =
      Opt.integer("heads", 1, 1 << 16)
          .help("attention heads, which no tensor tells; known for published sizes");
  private static final Opt<Optional<Integer>> TEXT_TOKENS =
      Opt.integer("text-tokens", 1, 1 << 16)
          .help(
              "tokens of text of a text-conditional U-ViT, which no tensor tells; known to be 77"
                  + " for published sizes");
  private static final Opt<Optional<Double>> NORM_EPS =
      Opt.number("norm-eps", Double.MIN_NORMAL, 1)
          .usually("that of its series")
          .help("eps of EfficientViT's norms");
  private static final Opt<Optional<Double>> ATTENTION_EPS =
      Opt.number("attention-eps", Double.MIN_NORMAL, 1)
          .usually("1e-15, or 1e-5 for files of timm")
          .help("eps of EfficientViT's attention");
  private static final Opt<Optional<Path>> CONFIG =
      Opt.path("config", "FILE")
          .help(
              "a JSON object with arguments that the file cannot tell, under their published"
                  + " names: norm_num_groups, scaling_factor and others");
  private static final Opt<Optional<String>> WEIGHTS =
      Opt.of("weights", "ema|model|NAME", ModelOptions::weights)
          .usually("the moving average (ema) if it has one")
          .help(
              "which weights of a training checkpoint; NAME is one that import lists, such as"
                  + " ema.0.9998");
  private static final Opt<Optional<String>> FAMILY =
      Opt.text("family", "NAME")
          .usually("what the file says itself, or the older family")
          .help("the family, where tensors are those of two: sit for a SiT, dit for a DiT");
  private static final Opt<Optional<ObjectNode>> OBJECTIVE =
      Opt.of("objective", "SETTINGS", Value.parsed(ObjectiveSettings::parse))
          .usually("what the file says, or that of its family's published models")
          .help(
              "what the model was trained for: a path ("
                  + String.join(", ", PathKind.names())
                  + "), field=value of config.json's objective, or several with commas between,"
                  + " e.g. null_class=none");
  private static final Opt<Optional<Map<String, String>>> ROLE =
      Opt.of("role", "NODE=ROLE,...", ModelOptions::roles)
          .help(
              "of a network that is read from its ONNX graph: the roles of layers that its"
                  + " structure does not tell, e.g. stem=patch_embed");
  private static final Opt<Optional<Path>> CKPT =
      Opt.path("ckpt", "FILE")
          .elsewhere("checkpoint", "model-path", "weights-path")
          .help("MODEL, as DiT's scripts give it");

  static final OptionGroup GROUP =
      new OptionGroup(
          "the model",
          List.of(
              ARCH,
              HEADS,
              TEXT_TOKENS,
              NORM_EPS,
              ATTENTION_EPS,
              CONFIG,
              WEIGHTS,
              FAMILY,
              OBJECTIVE,
              ROLE,
              CKPT));

  private ModelOptions() {}

  private static List<String> published() {
    return Families.all().stream()
        .flatMap(family -> family.published().stream())
        .map(PublishedModel::name)
        .toList();
  }

  /** Whether a model is named at all. */
  static boolean isNamed(Invocation invocation) {
    return invocation.hasOperand() || invocation.has(CKPT);
  }

  /**
   * The model's file or folder.
   *
   * @param operand what the synopsis calls it
   */
  static Path path(Invocation invocation, String operand) throws UsageException {
    Optional<Path> ckpt = invocation.get(CKPT);
    if (ckpt.isEmpty()) {
      return located(invocation.pathOperand(operand));
    }
    if (invocation.hasOperand()) {
      throw new UsageException(CKPT + " takes the place of " + operand + "; give one of them");
    }
    return located(ckpt.get());
  }

  /**
   * Another network's folder, by its path or its name on the hub; of a whole pipeline the part.
   *
   * @param name the part's folder in a pipeline, e.g. {@code vae}
   */
  static Optional<Path> part(Invocation invocation, Opt<Optional<Path>> option, String name)
      throws UsageException {
    return invocation
        .get(option)
        .map(ModelOptions::located)
        .map(
            found ->
                PipelineFolder.at(found)
                    .map(pipeline -> pipeline.path().resolve(name))
                    .filter(Files::isDirectory)
                    .orElse(found));
  }

  /** A path as it is, or the snapshot of the model that it names on the hub. */
  static Path located(Path path) {
    return hub().located(path);
  }

  private static HubCache hub() {
    return HubCache.of(System.getenv(), Path.of(System.getProperty("user.home", "")));
  }

  /** Reads them. */
  static ImportOptions read(Invocation invocation) throws UsageException {
    ImportOptions options =
        ImportOptions.defaults().withWeights(invocation.get(WEIGHTS).orElse(Weights.AUTO.word()));
    try {
      Optional<String> arch = invocation.get(ARCH);
      if (arch.isPresent()) {
        options = options.withArch(arch.get());
      }
      Optional<String> family = invocation.get(FAMILY);
      if (family.isPresent()) {
        options = options.withFamily(family.get(), FAMILY.toString());
      }
      options = invocation.get(OBJECTIVE).map(options::withObjective).orElse(options);
      for (Map.Entry<String, String> role : invocation.get(ROLE).orElse(Map.of()).entrySet()) {
        options = options.withRole(role.getKey(), role.getValue(), ROLE.toString());
      }
      Optional<Integer> heads = invocation.get(HEADS);
      if (heads.isPresent()) {
        options = options.withHeads(heads.get());
      }
      Optional<Path> config = invocation.get(CONFIG);
      if (config.isPresent()) {
        options = options.withConfigFile(config.get());
      }
      Optional<JsonNode> tokens = invocation.get(TEXT_TOKENS).map(IntNode::valueOf);
      options = with(options, "num_clip_token", tokens, TEXT_TOKENS);
      Optional<JsonNode> norm = invocation.get(NORM_EPS).map(DoubleNode::valueOf);
      options = with(options, "norm_eps", norm, NORM_EPS);
      Optional<JsonNode> attention = invocation.get(ATTENTION_EPS).map(DoubleNode::valueOf);
      return with(options, "attention_eps", attention, ATTENTION_EPS);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  /** The name of a set has a dot; all else is one of the two words. */
  private static String weights(String option, String text) throws UsageException {
    return text.indexOf('.') < 0
        ? Value.word(new TreeMap<>(Map.of("ema", "ema", "model", "model"))).read(option, text)
        : text;
  }

  private static Map<String, String> roles(String option, String text) throws UsageException {
    Map<String, String> roles = new LinkedHashMap<>();
    for (String part : text.split(",", -1)) {
      int equals = part.lastIndexOf('=');
      String role = part.substring(equals + 1);
      if (equals < 1 || !GraphJson.roles().contains(role)) {
        throw new UsageException(
            option
                + " takes NODE=ROLE, not '"
                + part
                + "'; roles are "
                + String.join(", ", GraphJson.roles()));
      }
      roles.put(part.substring(0, equals), role);
    }
    return roles;
  }

  private static ImportOptions with(
      ImportOptions options, String argument, Optional<JsonNode> value, Opt<?> option) {
    return value.isPresent()
        ? options.withArgument(argument, value.get(), option.toString())
        : options;
  }

  /** Says what is assumed of a model's training. */
  static void say(Model model, Context context) {
    model.assumption().ifPresent(what -> context.err().println("canbridge: " + what));
  }
}
