package org.canbridge.verifiers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;
import org.canbridge.tensors.files.JsonFields;

/** The fields of {@code reference.json}; their meaning is in {@link ReferenceBundle}. */
final class BundleDescription {
  /** Far above any real one (a few KiB), far below what would hurt. */
  private static final long MAX_BYTES = 16L << 20;

  private final Path path;
  private final ObjectNode root;
  private final Optional<String> family;
  private final Optional<String> dtype;
  private final Optional<ObjectNode> config;
  private final Optional<Double> cfgScale;
  private final List<String> notes;
  private final Optional<ObjectNode> tensors;
  private final Map<String, FileDigest> checkpoints = new LinkedHashMap<>();

  private BundleDescription(Path path, ObjectNode root) {
    this.path = path;
    this.root = root;
    JsonFields fields = fields("", root);
    family = fields.text("family");
    dtype = fields.text("dtype");
    config = fields.object("config");
    cfgScale = fields.number("cfg_scale");
    notes = fields.texts("notes", 0).orElse(List.of());
    tensors = fields.object("tensors");
    for (Map.Entry<String, JsonNode> entry :
        fields.object("checkpoints").map(ObjectNode::properties).orElse(Set.of())) {
      checkpoints.put(entry.getKey(), digest(entry.getKey(), entry.getValue()));
    }
  }

  /** A field of null is one that was left out. */
  private JsonFields fields(String where, ObjectNode object) {
    ObjectNode told = object.deepCopy();
    told.properties().removeIf(field -> field.getValue().isNull());
    return JsonFields.of(
        where, told, wrong -> badField(wrong.path(), wrong.expected(), wrong.actual()));
  }

  /** Reads and checks the file in the bundle's directory. */
  static BundleDescription read(Path directory) {
    Path path = directory.resolve(ReferenceBundle.DESCRIPTION);
    requireBundle(directory);
    return new BundleDescription(path, parse(path));
  }

  private static void requireBundle(Path directory) {
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
  }

  private static ObjectNode parse(Path path) {
    return Json.pythonObject(
        path, MAX_BYTES, (found, cause) -> notJson(path).actual(found).cause(cause).build());
  }

  private static InputFileException.Builder notJson(Path path) {
    return InputFileException.of(BundleProblem.NOT_JSON, path)
        .what("the description of the reference bundle is not a JSON object")
        .next("write the bundle again");
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
    if (this.tensors.isEmpty()) {
      return List.copyOf(tensors.keySet());
    }
    ObjectNode listed = this.tensors.get();
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
    return family;
  }

  Optional<String> dtype() {
    return dtype;
  }

  JsonNode config() {
    return config.orElseGet(JsonNodeFactory.instance::objectNode);
  }

  OptionalDouble cfgScale() {
    return cfgScale.isPresent() ? OptionalDouble.of(cfgScale.get()) : OptionalDouble.empty();
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
    JsonFields fields =
        fields(
            "runs." + name,
            run instanceof ObjectNode object ? object : JsonNodeFactory.instance.objectNode());
    return new RunSettings(
        fields.required("scheduler_config", fields.object("scheduler_config")),
        fields.required("steps", fields.integer("steps", 1, Integer.MAX_VALUE)),
        fields.required("guidance_scale", fields.number("guidance_scale")));
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
    return notes;
  }
}
