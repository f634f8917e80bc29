package org.canbridge.importers.efficientvit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.PublishedConfiguration;

/**
 * The {@code config.json} of timm: {@code architecture} names one of its functions, {@code
 * model_args} what is asked of it beyond that, {@code pretrained_cfg} how images are prepared.
 * Source: {@code efficientvit_mit.py} and {@code _hub.py} of timm 1.0.
 */
final class TimmConfiguration implements PublishedConfiguration {
  /** In {@code LiteMLA}; no argument changes it. */
  static final double ATTENTION_EPS = 1e-5;

  private static final String ARGUMENTS = "model_args";
  private static final String NAMES = "label_names";
  private static final Pattern ARCHITECTURE = Pattern.compile("efficientvit_([bl])\\d.*");

  /** {@code EfficientVitLarge} says these in its code. */
  private static final int EXPANSION_L = 4;

  private static final int ATTENTION_EXPANSION_L = 6;

  /** Names of the arguments that mean the same, theirs and ours. */
  private static final Map<String, String> SAME = new LinkedHashMap<>();

  static {
    SAME.put("in_chans", "in_channels");
    SAME.put("widths", "width_list");
    SAME.put("depths", "depth_list");
    SAME.put("expand_ratio", "expand_ratio");
    SAME.put("head_widths", "head_width_list");
    SAME.put("norm_eps", "norm_eps");
  }

  @Override
  public Arguments read(ObjectNode configuration) {
    JsonNode architecture = configuration.path("architecture");
    if (!architecture.isTextual()) {
      return Arguments.none();
    }
    Matcher series = ARCHITECTURE.matcher(architecture.textValue());
    if (!series.matches()) {
      throw new IllegalArgumentException(
          "architecture must be an efficientvit_b or efficientvit_l, is " + architecture);
    }
    Arguments arguments = Arguments.none().with("series", series.group(1));
    JsonNode given = configuration.path(ARGUMENTS);
    for (Map.Entry<String, String> name : SAME.entrySet()) {
      JsonNode value = given.get(name.getKey());
      arguments = value == null ? arguments : arguments.with(name.getValue(), value);
    }
    JsonNode width = given.get("head_dim");
    JsonNode classes = configuration.path("num_classes");
    if (classes.asInt() > 0) {
      arguments = arguments.with("n_classes", classes);
    }
    return width == null
        ? arguments
        : arguments.with(EfficientVitConfig.dimName(EfficientVitSeries.of(series.group(1))), width);
  }

  @Override
  public Optional<String> refusal(Arguments arguments) {
    EfficientVitConfig config = EfficientVitConfig.of(arguments);
    if (config.head().isEmpty()) {
      return Optional.of("timm's network has a classifier, and this one is a backbone alone");
    }
    List<Integer> fixed = expansion(config);
    if (config.series() == EfficientVitSeries.L && !config.expandList().equals(fixed)) {
      return Optional.of(
          "timm's network widens the blocks of its stages by "
              + fixed
              + ", and this one by "
              + config.expandList());
    }
    return Optional.empty();
  }

  private static List<Integer> expansion(EfficientVitConfig config) {
    List<Integer> expansion = new ArrayList<>();
    for (int stage = 0; stage < config.widthList().size(); stage++) {
      boolean attends = stage >= EfficientVitStages.firstAttention(config.series());
      expansion.add(stage == 0 ? 1 : attends ? ATTENTION_EXPANSION_L : EXPANSION_L);
    }
    return expansion;
  }

  @Override
  public Arguments fixed(Arguments arguments) {
    Arguments fixed = Arguments.none().with("attention_eps", ATTENTION_EPS);
    EfficientVitSeries series = EfficientVitShapes.series(arguments);
    return series == EfficientVitSeries.B ? fixed.with("norm_eps", series.normEps()) : fixed;
  }

  @Override
  public ObjectNode write(Arguments arguments) {
    EfficientVitConfig config = EfficientVitConfig.of(arguments);
    EfficientVitHead head = config.head().orElseThrow();
    Optional<EfficientVitModel> published =
        EfficientVitModel.ALL.stream().filter(model -> isNamed(model, config)).findFirst();
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put(
            "architecture",
            "efficientvit_" + published.map(TimmConfiguration::name).orElse(any(config)))
        .put("num_classes", head.classes())
        .put("num_features", config.widthList().get(config.widthList().size() - 1))
        .put("global_pool", "avg");
    if (published.isEmpty()) {
      json.set(ARGUMENTS, modelArguments(config, arguments));
    }
    preparation(json.putObject("pretrained_cfg"), config, head);
    return json;
  }

  /**
   * Whether one of timm's functions makes it unasked; there is none for L0, whose head is empty.
   */
  private static boolean isNamed(EfficientVitModel model, EfficientVitConfig config) {
    EfficientVitConfig named = model.config();
    return named.series() == config.series()
        && named.widthList().equals(config.widthList())
        && named.depthList().equals(config.depthList())
        && named.inChannels() == config.inChannels()
        && named.dim() == config.dim()
        && named.expandList().equals(config.expandList())
        && named.normEps() == config.normEps()
        && named
            .head()
            .filter(head -> head.widthList().equals(config.head().orElseThrow().widthList()))
            .isPresent();
  }

  private static String name(EfficientVitModel model) {
    return model.name().toLowerCase(Locale.ROOT);
  }

  /** A function that takes all arguments of the series. */
  private static String any(EfficientVitConfig config) {
    return config.series() == EfficientVitSeries.B ? "b0" : "l1";
  }

  private static ObjectNode modelArguments(EfficientVitConfig config, Arguments arguments) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    SAME.forEach(
        (theirs, ours) -> {
          boolean taken = config.series() == EfficientVitSeries.L || !ours.equals("norm_eps");
          arguments.get(ours).filter(value -> taken).ifPresent(value -> json.set(theirs, value));
        });
    return json.put("head_dim", config.dim());
  }

  /** That of timm's own models at 224 pixels; the network takes other sizes too. */
  private static void preparation(
      ObjectNode json, EfficientVitConfig config, EfficientVitHead head) {
    json.put("custom_load", false);
    numbers(json.putArray("input_size"), config.inChannels(), 224, 224);
    json.put("fixed_input_size", false)
        .put("interpolation", "bicubic")
        .put("crop_pct", config.series() == EfficientVitSeries.B ? 0.95 : 1.0)
        .put("crop_mode", "center");
    numbers(json.putArray("mean"), 0.485, 0.456, 0.406);
    numbers(json.putArray("std"), 0.229, 0.224, 0.225);
    json.put("num_classes", head.classes());
    numbers(json.putArray("pool_size"), 7, 7);
    json.put("first_conv", "stem.in_conv.conv").put("classifier", "head.classifier.4");
  }

  private static void numbers(ArrayNode list, int... values) {
    for (int value : values) {
      list.add(value);
    }
  }

  private static void numbers(ArrayNode list, double... values) {
    for (double value : values) {
      list.add(value);
    }
  }

  @Override
  public Map<Integer, List<String>> classNames(ObjectNode configuration) {
    Map<Integer, List<String>> names = new TreeMap<>();
    JsonNode said = configuration.path(NAMES);
    said.fieldNames()
        .forEachRemaining(
            row -> {
              if (row.matches("\\d{1,9}") && said.get(row).isTextual()) {
                names.put(Integer.valueOf(row), List.of(said.get(row).textValue()));
              }
            });
    for (int row = 0; said.isArray() && row < said.size(); row++) {
      if (said.get(row).isTextual()) {
        names.put(row, List.of(said.get(row).textValue()));
      }
    }
    return names;
  }

  /** One name each, in timm's form for numbers with gaps. */
  @Override
  public void writeClassNames(Map<Integer, List<String>> names, ObjectNode configuration) {
    if (!names.isEmpty()) {
      ObjectNode json = configuration.putObject(NAMES);
      names.forEach((row, all) -> json.put(row.toString(), all.get(0)));
    }
  }

  @Override
  public String weightsName() {
    return "model";
  }
}
