package org.canbridge.importers.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What a model was trained for, as data: what stands under {@code objective} in the {@code
 * config.json} of a model directory. {@code docs/can-format.md} describes the fields.
 *
 * @param path the path between image and noise
 * @param parameters the path's own fields
 * @param prediction what the network predicts
 * @param learnedVariance whether the second half of the output's channels is the variance value
 * @param cleanTime what the network is given at the path's least noisy end
 * @param noiseTime what it is given at the noisiest; linear between
 * @param classes classes beside the null class; 0 without labels
 * @param nullClass whether the label {@code classes} stands for no class
 * @param guidance how it is usually guided
 * @param latentScale factor of the autoencoder's latents
 * @param range that the numbers of an image have
 */
public record Objective(
    PathKind path,
    Arguments parameters,
    Prediction prediction,
    boolean learnedVariance,
    double cleanTime,
    double noiseTime,
    int classes,
    boolean nullClass,
    Guided guidance,
    double latentScale,
    Range range) {
  /** The scale of Stable Diffusion's autoencoder. */
  public static final double STABLE_DIFFUSION_SCALE = 0.18215;

  private static final int MAX_CLASSES = 1 << 20;
  private static final String INTERPOLATED = "interpolated";
  private static final String ADDED = "added";

  /** Directories that were written before this field have none. */
  private static final String CHANNELS = "guidance.channels";

  /** Fields that are objects; their own fields are joined by a dot where settings are given. */
  private static final List<String> OBJECTS = List.of("time_scale", "guidance");

  /** Directories of models of the usual range have none. */
  private static final String RANGE = "image_range";

  /** The range that the numbers of a network's images have. */
  public enum Range {
    /** Black is -1, white is 1. */
    SIGNED("-1..1"),
    /** Black is 0, white is 1. */
    UNIT("0..1");

    private final String text;

    Range(String text) {
      this.text = text;
    }

    /** A number of the usual range as the network has it. */
    public double ofSigned(double value) {
      return this == UNIT ? (value + 1) / 2 : value;
    }

    /** A number of the network in the usual range. */
    public double toSigned(double value) {
      return this == UNIT ? 2 * value - 1 : value;
    }

    /** The name in an objective. */
    @Override
    public String toString() {
      return text;
    }
  }

  /** An objective of images in the usual range. */
  public Objective(
      PathKind path,
      Arguments parameters,
      Prediction prediction,
      boolean learnedVariance,
      double cleanTime,
      double noiseTime,
      int classes,
      boolean nullClass,
      Guided guidance,
      double latentScale) {
    this(
        path,
        parameters,
        prediction,
        learnedVariance,
        cleanTime,
        noiseTime,
        classes,
        nullClass,
        guidance,
        latentScale,
        Range.SIGNED);
  }

  /**
   * How a model is usually guided away from its null class.
   *
   * @param scale of the authors' scripts, in their form
   * @param added whether that form is {@code cond + s (cond - null)}, where 0 is none, instead of
   *     {@code null + s (cond - null)}, where 1 is
   * @param channels that it acts on
   */
  public record Guided(double scale, boolean added, GuidedChannels channels) {
    /** No guidance. */
    public static final Guided NONE = of(1);

    /** On all channels, where a scale of 1 is none. */
    public static Guided of(double scale) {
      return new Guided(scale, false, GuidedChannels.ALL);
    }

    /** On all channels, where a scale of 0 is none. */
    public static Guided added(double scale) {
      return new Guided(scale, true, GuidedChannels.ALL);
    }
  }

  /** What a network predicts about a state {@code alpha x_0 + sigma eps}. */
  public enum Prediction {
    /** The noise. */
    EPS,
    /** The clean image. */
    X0,
    /** {@code alpha eps - sigma x_0}. */
    V,
    /** The derivative of the state by time, in the direction in which time is counted. */
    VELOCITY,
    /** The score, {@code -eps / sigma}. */
    SCORE;

    /** The name in an objective. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Reads an objective.
   *
   * @throws IllegalArgumentException listing every field that is missing, unknown or impossible
   */
  public static Objective of(ObjectNode json) {
    ObjectNode flat = flat(json);
    JsonNode named = flat.path("path");
    PathKind path =
        PathKind.named(named.asText())
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "path must be one of "
                            + String.join(", ", PathKind.names())
                            + ", is "
                            + (named.isMissingNode() ? "missing" : named)));
    boolean hasNull = !flat.path("null_class").isNull();
    if (!hasNull) {
      flat.remove("null_class");
    }
    Arguments.Reader reader = Arguments.of(flat).reader();
    reader.word("path", PathKind.names());
    path.read(reader);
    Prediction prediction =
        Prediction.valueOf(
            reader
                .word(
                    "prediction",
                    Arrays.stream(Prediction.values()).map(Prediction::toString).toList())
                .toUpperCase(Locale.ROOT));
    boolean learnedVariance = reader.flag("learned_variance");
    double cleanTime = reader.finite("time_scale.clean");
    double noiseTime = reader.finite("time_scale.noise");
    int classes = reader.integer("classes", 0, MAX_CLASSES);
    int nullClass = hasNull ? reader.integer("null_class", 0, MAX_CLASSES) : classes;
    Guided guidance =
        new Guided(
            reader.finite("guidance.scale"),
            reader.word("guidance.form", List.of(INTERPOLATED, ADDED)).equals(ADDED),
            flat.has(CHANNELS)
                ? GuidedChannels.parse(reader.word(CHANNELS, GuidedChannels.names()))
                : GuidedChannels.ALL);
    double latentScale = reader.positive("latent_scale");
    String unit = Range.UNIT.toString();
    boolean signed =
        !flat.has(RANGE)
            || !reader.word(RANGE, List.of(Range.SIGNED.toString(), unit)).equals(unit);
    reader.finish();
    ObjectNode parameters = JsonNodeFactory.instance.objectNode();
    path.usual().names().forEach(name -> parameters.set(name, flat.get(name)));
    Objective objective =
        new Objective(
            path,
            Arguments.of(parameters),
            prediction,
            learnedVariance,
            cleanTime,
            noiseTime,
            classes,
            hasNull,
            guidance,
            latentScale,
            signed ? Range.SIGNED : Range.UNIT);
    objective.check(nullClass);
    return objective;
  }

  private void check(int row) {
    Set<String> problems = new LinkedHashSet<>();
    if (nullClass && row != classes) {
      problems.add(
          "null_class must be " + classes + ", which follows the classes, or null, is " + row);
    }
    if (prediction == Prediction.VELOCITY && !path.isFlow()) {
      problems.add("prediction velocity needs a path of flow matching, not " + path);
    }
    if (prediction == Prediction.V && !path.preservesVariance()) {
      problems.add("prediction v needs a variance-preserving path, not " + path);
    }
    if (learnedVariance && range == Range.UNIT) {
      problems.add("a learned variance needs images of -1..1");
    }
    if (cleanTime == noiseTime) {
      problems.add("time_scale must tell both ends of the path apart, both are " + cleanTime);
    }
    if (path == PathKind.VP_DISCRETE
        && (noiseTime - cleanTime != parameters.integer("steps").orElseThrow() - 1.0
            || cleanTime != Math.rint(cleanTime))) {
      problems.add(
          "time_scale must count the steps of "
              + path
              + " one by one, is "
              + cleanTime
              + " to "
              + noiseTime);
    }
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", problems));
    }
  }

  /** What {@link #of(ObjectNode)} reads. */
  public ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("path", path.toString());
    json.setAll(parameters.toJson());
    json.put("prediction", prediction.toString());
    json.put("learned_variance", learnedVariance);
    json.putObject("time_scale").put("clean", cleanTime).put("noise", noiseTime);
    json.put("classes", classes);
    if (nullClass) {
      json.put("null_class", classes);
    } else {
      json.putNull("null_class");
    }
    json.putObject("guidance")
        .put("scale", guidance.scale)
        .put("form", guidance.added ? ADDED : INTERPOLATED)
        .put("channels", guidance.channels.toString());
    json.put("latent_scale", latentScale);
    if (range != Range.SIGNED) {
      json.put(RANGE, range.toString());
    }
    return json;
  }

  private static ObjectNode flat(ObjectNode json) {
    ObjectNode flat = JsonNodeFactory.instance.objectNode();
    json.properties()
        .forEach(
            field -> {
              if (OBJECTS.contains(field.getKey())
                  && field.getValue() instanceof ObjectNode inner) {
                inner
                    .properties()
                    .forEach(
                        each -> flat.set(field.getKey() + "." + each.getKey(), each.getValue()));
              } else {
                flat.set(field.getKey(), field.getValue());
              }
            });
    return flat;
  }

  /**
   * This objective with some fields told otherwise. Another {@code path} comes with the usual
   * parameters of its own; what is said of the null class says what the rows of the label table
   * are.
   *
   * @param settings fields; those of objects with a dot, {@code guidance.scale}
   * @throws IllegalArgumentException if they make no objective; one reason a line
   */
  public Objective with(ObjectNode settings) {
    ObjectNode flat = flat(toJson());
    JsonNode named = settings.path("path");
    if (!named.isMissingNode() && !named.equals(flat.get("path"))) {
      path.usual().names().forEach(flat::remove);
      PathKind.named(named.asText()).ifPresent(kind -> flat.setAll(kind.usual().toJson()));
    }
    flat.setAll(flat(settings));
    if (settings.has("null_class") && !settings.has("classes")) {
      flat.put("classes", labelRows() - (settings.get("null_class").isNull() ? 0 : 1));
    }
    return of(flat);
  }

  /** Rows of the label table: classes and null class. */
  public int labelRows() {
    return classes + (nullClass ? 1 : 0);
  }

  /**
   * What the network is given at a part of the path; on one in steps, at one of them.
   *
   * @param share in [0, 1), 0 being the least noisy end
   */
  public double timestep(double share) {
    return path == PathKind.VP_DISCRETE
        ? cleanTime + Math.floor(share * (noiseTime - cleanTime + 1))
        : cleanTime + share * (noiseTime - cleanTime);
  }

  /** The guidance scale in the form where 1 is none, which it is without a null class. */
  public double interpolatedGuidance() {
    boolean none = classes > 0 && !nullClass;
    return none ? 1 : guidance.added ? 1 + guidance.scale : guidance.scale;
  }

  /** The same network for other labels. */
  public Objective withLabels(int rows) {
    return new Objective(
        path,
        parameters,
        prediction,
        learnedVariance,
        cleanTime,
        noiseTime,
        nullClass ? rows - 1 : rows,
        nullClass,
        guidance,
        latentScale,
        range);
  }

  /** The same on another path, with its own way of counting time. */
  public Objective on(PathKind kind, Arguments of, double clean, double noise) {
    return new Objective(
        kind,
        of,
        prediction,
        learnedVariance,
        clean,
        noise,
        classes,
        nullClass,
        guidance,
        latentScale,
        range);
  }

  /** In a few words. */
  @Override
  public String toString() {
    String labels = nullClass ? ", null class " + classes : classes > 0 ? ", no null class" : "";
    return prediction + " on " + path + labels;
  }
}
