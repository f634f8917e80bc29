package org.canbridge.importers.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.canbridge.importers.detection.Detection;
import org.canbridge.importers.detection.DetectionProblem;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.family.Weights;
import org.canbridge.importers.keys.KeyFate;
import org.canbridge.importers.keys.KeyMapping;
import org.canbridge.importers.keys.KeyProblem;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.files.FileState;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;
import org.canbridge.tensors.files.JsonFields;
import org.canbridge.tensors.formats.TensorFiles;

/**
 * A model directory as it was read, whether its tensors fit or not. With a {@code can} section the
 * directory may hold more tensors than the network's own, which whoever runs the network checks,
 * and lack those that {@code can.removed} lists.
 *
 * @param family the family that {@code architecture} names
 * @param config the arguments
 * @param can the {@code can} section
 * @param trained what it was trained for
 * @param classNames what its classes are called, by their rows of the label table
 * @param provenance where the tensors come from
 * @param file the opened tensors
 * @param opened all its files as they were when they were opened
 * @param tensors all tensors, those of the canonical layout first
 * @param fates what each tensor is
 * @param problems why the directory cannot be used
 */
public record StoredModel(
    Family family,
    ModelConfig config,
    Optional<ObjectNode> can,
    Optional<Trained> trained,
    Map<Integer, List<String>> classNames,
    Provenance provenance,
    TensorFile file,
    List<FileState> opened,
    Map<String, TensorData> tensors,
    List<KeyFate> fates,
    List<InputFileException> problems) {

  /** No configuration is larger; the provenance lists tensors by name. */
  private static final long MAX_CONFIG_BYTES = 64L << 20;

  private static final String DESCRIBED = "docs/can-format.md describes the fields";

  private static final List<String> VERSIONS =
      List.of(ModelDirectory.FORMAT, ModelDirectory.FIRST_FORMAT);

  static final String CLASS_NAMES = "class_names";

  /** More digits than any number of a class has. */
  private static final Pattern ROW = Pattern.compile("0|[1-9]\\d{0,8}");

  private static final Set<String> FIELDS =
      Set.of("format", "architecture", "config", "objective", "can", CLASS_NAMES, "provenance");

  /**
   * Reads {@code config.json} and the tensors' headers.
   *
   * @throws InputFileException if one of them is not what it should be; tensors that do not fit
   *     each other are listed in {@link #problems} instead
   */
  public static StoredModel open(Path directory, ImportOptions options) {
    Path path = directory.resolve(ModelDirectory.CONFIG);
    ObjectNode json = readConfig(directory);
    checkVersion(path, json);
    JsonFields fields = JsonFields.of("", json, wrong -> wrong(path, wrong));
    refuseUnknown(path, fields);
    String architecture = fields.required("architecture", fields.text("architecture"));
    Family family =
        Families.byName(architecture)
            .orElseThrow(() -> field(path, "architecture", "one of " + names(), architecture));
    ModelConfig config = config(path, family, fields.required("config", fields.object("config")));
    Optional<ObjectNode> can = fields.object("can");
    Map<Integer, List<String>> names =
        fields.fields(CLASS_NAMES).map(all -> classNames(path, all)).orElse(Map.of());
    Provenance provenance =
        Provenance.fromJson(fields.required("provenance", fields.fields("provenance")));
    Optional<Trained> trained =
        trained(path, fields, family, config, provenance).map(told -> told.given(path, options));
    Path tensors = tensorFile(directory);
    Optional<FileState> before = FileState.find(tensors);
    TensorFile file = TensorFiles.open(tensors);
    try {
      List<FileState> opened = FileState.of(file.files(), before);
      return fit(path, family, config, can, trained, names, provenance, file, opened, options);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static String names() {
    return String.join(", ", Families.all().stream().map(Family::name).toList());
  }

  /** The object in {@code config.json}, of whatever program it is. */
  public static ObjectNode readConfig(Path directory) {
    Path path = directory.resolve(ModelDirectory.CONFIG);
    if (!Files.isRegularFile(path)) {
      throw notAModel(directory, "no " + ModelDirectory.CONFIG);
    }
    return readObject(path, "write the model again");
  }

  /**
   * A JSON object of bounded size.
   *
   * @param next what the user can do about a file that is none
   */
  static ObjectNode readObject(Path path, String next) {
    return Json.object(
        path,
        MAX_CONFIG_BYTES,
        (found, cause) ->
            InputFileException.of(ModelProblem.CONFIG_NOT_JSON, path)
                .what("the file does not hold a JSON object")
                .actual(found)
                .next(next)
                .cause(cause)
                .build());
  }

  private static void checkVersion(Path path, ObjectNode json) {
    JsonNode format = json.path("format");
    if (!format.isTextual() || !format.textValue().startsWith("canbridge/")) {
      throw notAModel(
          path.getParent(), "a " + ModelDirectory.CONFIG + " that some other program wrote");
    }
    if (!VERSIONS.contains(format.textValue())) {
      throw InputFileException.of(ModelProblem.CONFIG_VERSION, path)
          .what("the model directory is of another version of the format")
          .expected(String.join(" or ", VERSIONS))
          .actual(format.textValue())
          .key("format")
          .next("read it with the version of CAN Bridge that wrote it")
          .build();
    }
  }

  private static InputFileException notAModel(Path directory, String actual) {
    return InputFileException.of(ModelProblem.NOT_A_MODEL_DIRECTORY, directory)
        .what("the directory is not a model directory of CAN Bridge")
        .expected(
            "a " + ModelDirectory.CONFIG + " with \"format\": \"" + ModelDirectory.FORMAT + "\"")
        .actual(actual)
        .next("name the checkpoint file itself")
        .build();
  }

  private static ModelConfig config(Path path, Family family, ObjectNode arguments) {
    try {
      return family.config(Arguments.of(arguments));
    } catch (IllegalArgumentException e) {
      throw InputFileException.of(ModelProblem.CONFIG_FIELD, path)
          .what("the arguments make no " + family.title())
          .actual(e.getMessage().replace("\n", "; "))
          .key("config")
          .next(DESCRIBED)
          .cause(e)
          .build();
    }
  }

  /**
   * What the directory says it was trained for. One of the first version says nothing: it is what
   * its family's published models were trained for.
   */
  private static Optional<Trained> trained(
      Path path, JsonFields fields, Family family, ModelConfig config, Provenance provenance) {
    Optional<Trained> usual = Trained.usual(family, config);
    boolean first = fields.text("format").orElse("").equals(ModelDirectory.FIRST_FORMAT);
    if (fields.has("objective") && (first || usual.isEmpty())) {
      throw field(
          path,
          "objective",
          first ? "no such field in " + ModelDirectory.FIRST_FORMAT : "a diffusion model",
          first ? "one" : family.title());
    }
    boolean told = !provenance.objective().isEmpty();
    if (told != (usual.isPresent() && !first)) {
      throw field(
          path,
          "provenance.objective",
          told ? "no such field without 'objective'" : "a text",
          told ? "one" : "missing");
    }
    if (usual.isEmpty() || first) {
      return usual;
    }
    ObjectNode stored = fields.required("objective", fields.object("objective"));
    try {
      Objective objective = Objective.of(stored);
      if (objective.labelRows() != usual.get().objective().labelRows()) {
        throw new IllegalArgumentException(
            "classes and null_class must make the "
                + usual.get().objective().labelRows()
                + " rows of the label table, make "
                + objective.labelRows());
      }
      return Optional.of(new Trained(objective, provenance.objective()));
    } catch (IllegalArgumentException e) {
      throw InputFileException.of(ModelProblem.OBJECTIVE, path)
          .what("this is no objective of the network")
          .expected("the fields of 'objective' in docs/can-format.md")
          .actual(e.getMessage().replace("\n", "; "))
          .key("objective")
          .next("mend config.json, or import the published file again")
          .cause(e)
          .build();
    }
  }

  private static Map<Integer, List<String>> classNames(Path path, JsonFields fields) {
    Map<Integer, List<String>> names = new TreeMap<>();
    for (String row : fields.names()) {
      if (!ROW.matcher(row).matches()) {
        throw field(path, CLASS_NAMES, "numbers of classes, each with its names", row);
      }
      names.put(Integer.valueOf(row), fields.texts(row, 1).orElseThrow());
    }
    return names;
  }

  private static Path tensorFile(Path directory) {
    Path single = directory.resolve(ModelDirectory.TENSORS);
    Path index = directory.resolve(ModelDirectory.INDEX);
    if (Files.exists(single) && Files.exists(index)) {
      throw InputFileException.of(ModelProblem.CONFIG_FIELD, directory)
          .what("the directory holds its tensors twice")
          .expected(ModelDirectory.TENSORS + " or " + ModelDirectory.INDEX)
          .actual("both")
          .next("remove the one that does not belong to it")
          .build();
    }
    return Files.exists(index) ? index : single;
  }

  private static StoredModel fit(
      Path path,
      Family family,
      ModelConfig config,
      Optional<ObjectNode> can,
      Optional<Trained> trained,
      Map<Integer, List<String>> classNames,
      Provenance provenance,
      TensorFile file,
      List<FileState> opened,
      ImportOptions options) {
    KeyMapping mapping = family.canonical().keyMap(config.arguments()).apply(file.tensors());
    Set<String> removed = can.map(settings -> removed(path, settings)).orElse(Set.of());
    Set<String> added = new LinkedHashSet<>();
    List<KeyProblem> misfits = new ArrayList<>();
    for (KeyProblem problem : mapping.problems()) {
      if (problem.kind() == KeyProblem.Kind.UNEXPECTED && can.isPresent()) {
        added.add(problem.key());
      } else if (problem.kind() != KeyProblem.Kind.MISSING || !removed.contains(problem.key())) {
        misfits.add(problem);
      }
    }
    Map<String, TensorData> tensors = new LinkedHashMap<>(mapping.tensors());
    added.forEach(name -> tensors.put(name, file.tensors().get(name)));
    List<KeyFate> fates = mapping.fates().stream().map(fate -> keep(fate, added)).toList();
    List<InputFileException> problems = new ArrayList<>();
    if (!misfits.isEmpty()) {
      problems.add(
          KeyReport.exception(
              file.path(),
              Detection.describe(family, family.canonical()) + ", as config.json describes it",
              List.of(),
              misfits));
    }
    Assertions.check(path, options, family, config.arguments()).ifPresent(problems::add);
    if (options.weights() != Weights.AUTO
        && (options.weights() != Weights.of(provenance.weights())
            || options.set().filter(name -> !name.equals(provenance.weights())).isPresent())) {
      problems.add(
          InputFileException.of(DetectionProblem.NO_SUCH_WEIGHTS, path)
              .what("the model was imported from the other set of weights")
              .expected(options.weightsWord())
              .actual(Weights.of(provenance.weights()).word())
              .next("import the published file again, with --weights")
              .build());
    }
    return new StoredModel(
        family,
        config,
        can,
        trained,
        classNames,
        provenance,
        file,
        opened,
        tensors,
        fates,
        List.copyOf(problems));
  }

  private static KeyFate keep(KeyFate fate, Set<String> added) {
    return added.contains(fate.source())
        ? new KeyFate(
            fate.source(), fate.type(), new KeyFate.Mapped(List.of(fate.source()), "added"))
        : fate;
  }

  private static Set<String> removed(Path path, ObjectNode can) {
    JsonFields fields = JsonFields.of("can", can, wrong -> wrong(path, wrong));
    return Set.copyOf(fields.texts("removed", 0).orElse(List.of()));
  }

  /** All of them, before anything else is looked at. */
  private static void refuseUnknown(Path path, JsonFields fields) {
    List<String> unknown = fields.names();
    unknown.removeAll(FIELDS);
    if (!unknown.isEmpty()) {
      throw field(path, String.join(", ", unknown), "a field of the format", "an unknown name");
    }
  }

  private static InputFileException wrong(Path path, JsonFields.Wrong wrong) {
    return wrong.fault() == JsonFields.Fault.UNKNOWN
        ? field(path, wrong.path(), "a field of the format", "an unknown name")
        : field(
            path,
            wrong.path(),
            wrong.expected(),
            wrong.actual().getNodeType().name().toLowerCase(Locale.ROOT));
  }

  private static InputFileException field(Path path, String key, String expected, String actual) {
    return InputFileException.of(ModelProblem.CONFIG_FIELD, path)
        .what("the configuration is not as the format says")
        .expected(expected)
        .actual(actual)
        .key(key)
        .next(DESCRIBED)
        .build();
  }
}
