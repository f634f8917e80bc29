package org.canbridge.verifiers;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;

/** The fields of {@code reference.json}; their meaning is in {@link ReferenceBundle}. */
final class BundleDescription {
  /** Far above any real one (a few KiB), far below what would hurt. */
  private static final long MAX_BYTES = 16L << 20;

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // Python's json module writes NaN and Infinity, e.g. among a solver's arguments.
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final Path path;
  private final JsonNode root;
  private final Map<String, FileDigest> checkpoints = new LinkedHashMap<>();
  private final List<String> notes = new ArrayList<>();

  private BundleDescription(Path path, JsonNode root) {
    this.path = path;
    this.root = root;
  }

  /** Reads and checks the file in the bundle's directory. */
  static BundleDescription read(Path directory) {
    Path path = directory.resolve(ReferenceBundle.DESCRIPTION);
    requireBundle(directory, path);
    BundleDescription description = new BundleDescription(path, parse(path));
    description.check();
    return description;
  }

  private static void requireBundle(Path directory, Path path) {
    if (!Files.exists(directory)) {
      throw InputFileException.of(FileProblem.MISSING, directory)
          .what("there is no such reference bundle")
          .next("check the path")
          .build();
    }
    if (!Files.isDirectory(directory)) {
      throw InputFileException.of(FileProblem.NOT_A_DIRECTORY, directory)
          .what("a reference bundle is a directory")
          .expected("a directory that holds reference.safetensors and reference.json")
          .actual("a file")
          .next("give the directory")
          .build();
    }
    for (String name : List.of(ReferenceBundle.DESCRIPTION, ReferenceBundle.TENSORS)) {
      if (!Files.isRegularFile(directory.resolve(name))) {
        throw InputFileException.of(BundleProblem.INCOMPLETE, directory)
            .what("the directory is no reference bundle: " + name + " is missing")
            .expected("reference.safetensors and reference.json")
            .next("give a directory that holds both")
            .build();
      }
    }
    if (size(path) > MAX_BYTES) {
      throw notJson(path).actual(size(path) + " bytes").expected("at most " + MAX_BYTES).build();
    }
  }

  private static long size(Path path) {
    try {
      return Files.size(path);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private static JsonNode parse(Path path) {
    JsonNode root;
    try {
      root = MAPPER.readTree(Files.readAllBytes(path));
    } catch (JsonProcessingException e) {
      throw notJson(path).actual(e.getOriginalMessage()).cause(e).build();
    } catch (IOException e) {
      throw unreadable(path, e);
    }
    if (!root.isObject()) {
      throw notJson(path).actual(root.getNodeType()).build();
    }
    return root;
  }

  private static InputFileException.Builder notJson(Path path) {
    return InputFileException.of(BundleProblem.NOT_JSON, path)
        .what("the description of the reference bundle is not a JSON object")
        .next("write the bundle again");
  }

  private static InputFileException unreadable(Path path, IOException e) {
    return InputFileException.of(FileProblem.UNREADABLE, path)
        .what("the file cannot be read")
        .actual(e.getMessage())
        .next("check its permissions")
        .cause(e)
        .build();
  }

  private void check() {
    require("family", JsonNode::isTextual, "a string");
    require("dtype", JsonNode::isTextual, "a string");
    require("config", JsonNode::isObject, "an object");
    require("cfg_scale", n -> n.isNumber() && Double.isFinite(n.doubleValue()), "a number");
    require("notes", JsonNode::isArray, "an array of strings");
    require("checkpoints", JsonNode::isObject, "an object of sha256 and bytes by file name");
    require("tensors", JsonNode::isObject, "an object of shapes by tensor name");
    for (JsonNode note : root.path("notes")) {
      if (!note.isTextual()) {
        throw badField("notes", "an array of strings", note);
      }
      notes.add(note.textValue());
    }
    root.path("checkpoints")
        .properties()
        .forEach(e -> checkpoints.put(e.getKey(), digest(e.getKey(), e.getValue())));
  }

  private void require(String field, Predicate<JsonNode> isRight, String expected) {
    JsonNode value = root.path(field);
    if (!value.isMissingNode() && !value.isNull() && !isRight.test(value)) {
      throw badField(field, expected, value);
    }
  }

  private FileDigest digest(String name, JsonNode value) {
    String key = "checkpoints." + name;
    if (!isInside(name)) {
      throw badField(key, "the name of a file inside the bundle", value);
    }
    JsonNode sha256 = value.path("sha256");
    JsonNode bytes = value.path("bytes");
    if (!sha256.isTextual() || !bytes.isIntegralNumber() || !bytes.canConvertToLong()) {
      throw badField(key, "an object of sha256 (string) and bytes (integer)", value);
    }
    try {
      return new FileDigest(sha256.textValue(), bytes.longValue());
    } catch (IllegalArgumentException e) {
      throw badField(key, "64 lower-case hexadecimal digits and a size", value);
    }
  }

  /** The name is used to find the file, so it must not lead out of the bundle. */
  private static boolean isInside(String name) {
    try {
      Path path = Path.of(name);
      return !name.isEmpty()
          && !path.isAbsolute()
          && path.normalize().equals(path)
          && !path.startsWith("..");
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private InputFileException badField(String field, String expected, JsonNode actual) {
    String text = actual.toString();
    return InputFileException.of(BundleProblem.BAD_FIELD, path)
        .what("a field of the reference bundle's description is wrong")
        .expected(expected)
        .actual(text.length() > 200 ? text.substring(0, 200) + "..." : text)
        .key(field)
        .next("correct the field, or leave it out")
        .build();
  }

  /**
   * The names of {@code tensors} in the order of the description if it lists them, else in the
   * file's.
   */
  List<String> order(Path file, Map<String, TensorData> tensors) {
    JsonNode listed = root.path("tensors");
    if (!listed.isObject()) {
      return List.copyOf(tensors.keySet());
    }
    List<String> names = new ArrayList<>();
    listed.fieldNames().forEachRemaining(names::add);
    Set<String> onlyOnOneSide = new TreeSet<>(names);
    onlyOnOneSide.addAll(tensors.keySet());
    onlyOnOneSide.removeIf(n -> listed.has(n) && tensors.containsKey(n));
    if (!onlyOnOneSide.isEmpty()) {
      String first = onlyOnOneSide.iterator().next();
      throw disagree(file)
          .expected("the " + names.size() + " tensors listed in reference.json")
          .actual(tensors.size() + " tensors; " + onlyOnOneSide.size() + " are in one file only")
          .key(first)
          .build();
    }
    for (String name : names) {
      JsonNode entry = listed.get(name);
      List<Long> shape = shape(name, entry.isObject() ? entry.path("shape") : entry);
      List<Long> actual = tensors.get(name).type().shape();
      if (!shape.equals(actual)) {
        throw disagree(file).expected(shape).actual(actual).key(name).build();
      }
    }
    return names;
  }

  private List<Long> shape(String name, JsonNode sizes) {
    List<Long> shape = new ArrayList<>();
    for (JsonNode size : sizes) {
      if (size.isIntegralNumber() && size.canConvertToLong()) {
        shape.add(size.longValue());
      }
    }
    if (!sizes.isArray() || shape.size() != sizes.size()) {
      throw badField("tensors." + name, "an array of sizes", sizes);
    }
    return shape;
  }

  private static InputFileException.Builder disagree(Path file) {
    return InputFileException.of(BundleProblem.TENSORS_DISAGREE, file)
        .what("reference.safetensors holds other tensors than reference.json lists")
        .next("take both files from one run of the producer");
  }

  Optional<String> family() {
    return text("family");
  }

  Optional<String> dtype() {
    return text("dtype");
  }

  private Optional<String> text(String field) {
    return Optional.ofNullable(root.path(field).textValue());
  }

  JsonNode config() {
    JsonNode config = root.path("config");
    return config.isObject() ? config : JsonNodeFactory.instance.objectNode();
  }

  OptionalDouble cfgScale() {
    JsonNode scale = root.path("cfg_scale");
    return scale.isNumber() ? OptionalDouble.of(scale.doubleValue()) : OptionalDouble.empty();
  }

  /** The names in {@code runs}; bundles of solvers have other entries there. */
  List<String> runs() {
    List<String> names = new ArrayList<>();
    root.path("runs").fieldNames().forEachRemaining(names::add);
    return names;
  }

  /**
   * One entry of {@code runs}.
   *
   * @throws InputFileException if it lacks a field of a pipeline's run, or one is wrong
   */
  RunSettings run(String name) {
    JsonNode run = root.path("runs").path(name);
    String key = "runs." + name + ".";
    if (!(run.path("scheduler_config") instanceof ObjectNode scheduler)) {
      throw badField(
          key + "scheduler_config",
          "the configuration of the run's scheduler, an object",
          run.path("scheduler_config"));
    }
    JsonNode steps = run.path("steps");
    if (!steps.isIntegralNumber() || !steps.canConvertToInt() || steps.intValue() < 1) {
      throw badField(key + "steps", "a whole number, 1 or more", steps);
    }
    JsonNode scale = run.path("guidance_scale");
    if (!scale.isNumber() || !Double.isFinite(scale.doubleValue())) {
      throw badField(key + "guidance_scale", "a number", scale);
    }
    return new RunSettings(scheduler, steps.intValue(), scale.doubleValue());
  }

  /** A field that says what cannot be followed; {@code problem} is the reason. */
  InputFileException unfollowed(String field, String problem) {
    return InputFileException.of(BundleProblem.BAD_FIELD, path)
        .what("a run of the reference bundle cannot be made again")
        .actual(problem)
        .key(field)
        .next("leave the run out of the bundle")
        .build();
  }

  Map<String, FileDigest> checkpoints() {
    return Collections.unmodifiableMap(checkpoints);
  }

  List<String> notes() {
    return Collections.unmodifiableList(notes);
  }
}
