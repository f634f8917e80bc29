package org.canbridge.importers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.canbridge.importers.detection.Detection;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Inference;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.family.PublishedConfiguration;
import org.canbridge.importers.family.Question;
import org.canbridge.importers.family.StateDict;
import org.canbridge.importers.family.Weights;
import org.canbridge.importers.keys.KeyFate;
import org.canbridge.importers.keys.KeyMapping;
import org.canbridge.importers.keys.KeyProblem;
import org.canbridge.importers.model.Assertions;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.KeyReport;
import org.canbridge.importers.model.ModelProblem;
import org.canbridge.importers.model.StoredModel;
import org.canbridge.importers.model.Trained;
import org.canbridge.importers.published.PipelineFolder;
import org.canbridge.importers.published.PublishedFolder;
import org.canbridge.importers.published.SchedulerFile;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;

/**
 * Everything that can be said about a published file without reading its data: what import would do
 * and why it would refuse. Import and inspection are two views of this.
 */
final class Examination {
  private final TensorFile file;
  private final Optional<PipelineFolder> pipeline;
  private ImportOptions options;
  private final Detection detection;
  private final List<String> notes = new ArrayList<>();
  private final List<Question> open = new ArrayList<>();
  private final List<InputFileException> problems = new ArrayList<>();
  private Arguments known = Arguments.none();
  private Optional<KeyMapping> mapping = Optional.empty();
  private Optional<ModelConfig> config = Optional.empty();
  private Optional<Trained> trained = Optional.empty();
  private Map<Integer, List<String>> named = Map.of();

  private Examination(TensorFile file, Optional<PipelineFolder> pipeline, ImportOptions options) {
    this.file = file;
    this.pipeline = pipeline;
    this.options = options;
    this.detection =
        Detection.of(
            file,
            options.weights(),
            options.set(),
            options.family().map(given -> given.value().textValue()));
    detection.problem().ifPresent(problems::add);
    detection.chosen().ifPresent(this::examine);
  }

  /**
   * Examines an opened file.
   *
   * @param path the file, or the folder that it was found in
   */
  static Examination of(Path path, TensorFile file, ImportOptions options) {
    return new Examination(file, PipelineFolder.at(path), options);
  }

  private void examine(Detection.Recognised chosen) {
    notes.addAll(file.notes());
    noteChoice(chosen);
    chosen.layout().remark().ifPresent(notes::add);
    chosen.layout().configuration().ifPresent(this::readConfiguration);
    Inference inference = chosen.layout().infer(chosen.weights());
    known = inference.known();
    KeyMapping mapped = chosen.layout().keyMap(known).apply(chosen.weights().tensors());
    mapping = Optional.of(mapped);
    unequalSets(chosen).ifPresent(problems::add);
    if (!mapped.problems().isEmpty() || !inference.problems().isEmpty()) {
      problems.add(misfit(chosen, inference.problems(), mapped.problems()));
    }
    inference.questions().forEach(this::answer);
    if (!open.isEmpty()) {
      problems.add(unanswered());
    }
    if (problems.isEmpty()) {
      complete(chosen);
    }
    Assertions.check(file.path(), options, chosen.family(), known).ifPresent(problems::add);
    if (problems.isEmpty()) {
      configure(chosen);
    }
  }

  /** What the library's configuration beside the weights says counts as given. */
  private void readConfiguration(PublishedConfiguration reader) {
    Path path = file.path().resolveSibling(PublishedFolder.CONFIG);
    if (!Files.isRegularFile(path)) {
      return;
    }
    try {
      ObjectNode configuration = StoredModel.readConfig(path.getParent());
      ObjectNode arguments = reader.read(configuration).toJson();
      options = options.withArguments(arguments, PublishedFolder.CONFIG);
      named = reader.classNames(configuration);
    } catch (IllegalArgumentException e) {
      problems.add(
          InputFileException.of(ModelProblem.CONTRADICTION, path)
              .what("the configuration beside the weights describes another network")
              .actual(e.getMessage().replace("\n", "; "))
              .next("put the configuration beside them that they were published with")
              .cause(e)
              .build());
    } catch (InputFileException e) {
      problems.add(e);
    }
  }

  /** The answers may tell sizes that the rules were waiting for. */
  private void complete(Detection.Recognised chosen) {
    try {
      known = chosen.layout().complete(known, chosen.weights());
    } catch (IllegalArgumentException e) {
      problems.add(impossible(chosen, e));
      return;
    }
    KeyMapping mapped = chosen.layout().keyMap(known).apply(chosen.weights().tensors());
    mapping = Optional.of(mapped);
    if (!mapped.problems().isEmpty()) {
      problems.add(misfit(chosen, List.of(), mapped.problems()));
    }
  }

  private void noteChoice(Detection.Recognised chosen) {
    String wrapper = chosen.weights().wrapper();
    List<String> others =
        detection.others().stream().map(other -> other.weights().label()).toList();
    if (!wrapper.isEmpty() || chosen.weights().kind() == Weights.EMA) {
      notes.add(
          "weights taken from "
              + chosen.weights().label()
              + (chosen.weights().kind() == Weights.EMA ? " (moving average)" : "")
              + (others.isEmpty() ? "" : "; the file also holds " + String.join(", ", others))
              + (averages() > 1 ? "; --weights chooses by name" : ""));
    }
    List<String> borrowed =
        chosen.weights().kind() == Weights.EMA ? borrowed(chosen.weights()) : List.of();
    if (!borrowed.isEmpty()) {
      notes.add("not in the moving average, so taken beside it: " + shorten(borrowed));
    }
    List<String> unknown = unknownAverages();
    if (!unknown.isEmpty()) {
      notes.add("not used, though it looks like a moving average: " + shorten(unknown));
    }
    if (!file.objects().isEmpty()) {
      notes.add("not read, as it is no tensor, number or text: " + Detection.objects(file));
    }
  }

  private long averages() {
    return Stream.concat(detection.chosen().stream(), detection.others().stream())
        .filter(set -> set.weights().kind() == Weights.EMA)
        .count();
  }

  /** Tensors of an average without names that it does not hold itself. */
  private static List<String> borrowed(StateDict average) {
    return average.sourceNames().values().stream()
        .filter(name -> !name.startsWith(average.wrapper()))
        .toList();
  }

  /** Tensors that bear the name of an average, more than a number each, and are in no set. */
  private List<String> unknownAverages() {
    Set<String> known = new HashSet<>(file.constants().keySet());
    Stream.concat(detection.chosen().stream(), detection.others().stream())
        .forEach(set -> known.addAll(set.weights().sourceNames().values()));
    return file.tensors().entrySet().stream()
        .filter(entry -> entry.getValue().type().elements() > 1)
        .map(Map.Entry::getKey)
        .filter(name -> !known.contains(name) && Weights.of(parent(name)) == Weights.EMA)
        .toList();
  }

  private static String parent(String name) {
    return name.substring(0, Math.max(0, name.lastIndexOf('.')));
  }

  /**
   * Sets of weights in one file are of one network. If they are not, one of them is incomplete, and
   * a set that lacks its last blocks would pass for a shallower network.
   */
  private Optional<InputFileException> unequalSets(Detection.Recognised chosen) {
    if (options.weights() != Weights.AUTO) {
      return Optional.empty();
    }
    for (Detection.Recognised other : detection.others()) {
      if (other.family() != chosen.family()) {
        continue;
      }
      List<String> differing = differing(chosen.weights(), other.weights());
      if (!differing.isEmpty()) {
        String kind = other.weights().kind().word();
        return Optional.of(
            InputFileException.of(ImportProblem.UNEQUAL_WEIGHTS, file.path())
                .what("the file's sets of weights are not of one network")
                .expected("the same tensors in " + labels(chosen, other))
                .actual(differing.size() + " differ: " + shorten(differing))
                .next(
                    "get a complete copy, or take one set as it is: --weights "
                        + chosen.weights().kind().word()
                        + (chosen.weights().kind() == other.weights().kind()
                            ? ""
                            : " or --weights " + kind))
                .build());
      }
    }
    return Optional.empty();
  }

  private static String labels(Detection.Recognised chosen, Detection.Recognised other) {
    return chosen.weights().label() + " and " + other.weights().label();
  }

  /** Names that are in one set only or have another shape in the other. */
  private static List<String> differing(StateDict one, StateDict other) {
    Set<String> names = new LinkedHashSet<>(one.tensors().keySet());
    names.addAll(other.tensors().keySet());
    names.removeIf(
        name -> {
          TensorData a = one.tensors().get(name);
          TensorData b = other.tensors().get(name);
          return a != null && b != null && a.type().shape().equals(b.type().shape());
        });
    return List.copyOf(names);
  }

  private static String shorten(List<String> names) {
    return String.join(", ", names.subList(0, Math.min(4, names.size())))
        + (names.size() > 4 ? ", ..." : "");
  }

  private void answer(Question question) {
    String name = question.argument();
    ImportOptions.Given given = options.given().get(name);
    if (given != null) {
      known = known.with(name, given.value());
      notes.add(name + " " + given.value() + " as given (" + given.from() + ")");
    } else if (question.usual().isPresent()) {
      JsonNode usual = question.usual().get();
      known = known.with(name, usual);
      notes.add(name + " " + usual + " as in the published network of these sizes");
    } else {
      open.add(question);
    }
  }

  private InputFileException unanswered() {
    List<String> names = open.stream().map(Question::argument).toList();
    List<String> settling = open.stream().map(Question::option).distinct().toList();
    return InputFileException.of(ImportProblem.NEEDS_OPTION, file.path())
        .what("the file does not tell " + String.join(", ", names))
        .expected(String.join(" ", settling))
        .actual(String.join("; ", open.stream().map(Question::reason).toList()))
        .next("add " + String.join(" ", settling))
        .build();
  }

  private InputFileException misfit(
      Detection.Recognised chosen, List<String> contradictions, List<KeyProblem> keys) {
    List<KeyProblem> named = keys.stream().map(problem -> inFile(chosen, problem)).toList();
    String wrapper = chosen.weights().wrapper();
    return KeyReport.exception(
        file.path(),
        Detection.describe(chosen.family(), chosen.layout())
            + (wrapper.isEmpty() ? "" : " (weights taken from " + wrapper + ")"),
        contradictions,
        named);
  }

  /** The problem with the name that stands in the file. */
  private KeyProblem inFile(Detection.Recognised chosen, KeyProblem problem) {
    StateDict weights = chosen.weights();
    String wrapped =
        weights.wrapper().isEmpty() ? problem.key() : weights.wrapper() + "." + problem.key();
    String name = weights.sourceNames().getOrDefault(problem.key(), wrapped);
    String object = file.objects().get(name);
    String instead =
        object == null ? "" : "; there is an object of " + object + ", which is not read";
    return new KeyProblem(problem.kind(), name, problem.detail() + instead);
  }

  private void configure(Detection.Recognised chosen) {
    try {
      ModelConfig built = chosen.family().config(known);
      known = built.arguments();
      config = Optional.of(built);
      trained = Trained.of(file.path(), chosen.family(), built, said(), this::scheduled, options);
      trained.flatMap(told -> told.note(chosen.family())).ifPresent(notes::add);
      trained
          .filter(told -> told.from().equals(Trained.FILE))
          .ifPresent(told -> notes.add("objective of " + told.from() + ": " + told.objective()));
    } catch (IllegalArgumentException e) {
      problems.add(impossible(chosen, e));
    } catch (InputFileException e) {
      problems.add(e);
    }
  }

  /** What the classes are called, where a pipeline or the library's configuration says it. */
  Map<Integer, List<String>> classNames() {
    return pipeline.map(PipelineFolder::classNames).orElse(named);
  }

  /** What the scheduler of a pipeline says about the training. */
  private ObjectNode scheduled() {
    return pipeline
        .flatMap(PipelineFolder::scheduler)
        .map(path -> SchedulerFile.open(path).objective())
        .orElseGet(Json::object);
  }

  /** What the file says beside its tensors, and which model the hub's configuration names. */
  private Map<String, Object> said() {
    Map<String, Object> said = new HashMap<>(file.values());
    Path path = file.path().resolveSibling(PublishedFolder.CONFIG);
    if (Files.isRegularFile(path)) {
      try {
        JsonNode name = StoredModel.readConfig(path.getParent()).path("model_name");
        if (name.isTextual()) {
          said.put("config.model_name", name.textValue());
        }
      } catch (InputFileException e) {
        // Of another program, and nothing that these weights need: it says nothing about them.
        return said;
      }
    }
    return said;
  }

  private InputFileException impossible(
      Detection.Recognised chosen, IllegalArgumentException reason) {
    return InputFileException.of(ImportProblem.IMPOSSIBLE_CONFIG, file.path())
        .what("the sizes make no " + chosen.family().title())
        .actual(reason.getMessage().replace("\n", "; "))
        .next("canbridge inspect shows the sizes that were read off")
        .cause(reason)
        .build();
  }

  TensorFile file() {
    return file;
  }

  Detection detection() {
    return detection;
  }

  /** The arguments as far as they are known, in the order of the constructor. */
  Arguments known() {
    return known;
  }

  List<Question> open() {
    return List.copyOf(open);
  }

  /** What was decided for the user. */
  List<String> notes() {
    return List.copyOf(notes);
  }

  /** Everything that makes import refuse the file, the most telling first. */
  List<InputFileException> problems() {
    return List.copyOf(problems);
  }

  /** The configuration; present if there are no problems. */
  Optional<ModelConfig> config() {
    return config;
  }

  /** What the model was trained for; empty if it is no diffusion model. */
  Optional<Trained> trained() {
    return trained;
  }

  /** The mapping of the chosen weights, whether it fits or not. */
  Optional<KeyMapping> mapping() {
    return mapping;
  }

  /** Problems that only the data show, under the names that stand in the file. */
  List<KeyProblem> checkValues() {
    Detection.Recognised chosen = detection.chosen().orElseThrow();
    return mapping.orElseThrow().checkValues().stream()
        .map(problem -> inFile(chosen, problem))
        .toList();
  }

  /** What becomes of every tensor of the file, in the file's order. */
  List<KeyFate> fates() {
    Map<String, KeyFate.Outcome> outcomes = new HashMap<>();
    for (Detection.Recognised other : detection.others()) {
      String reason = "other weights (" + other.weights().label() + "); --weights chooses";
      other
          .weights()
          .sourceNames()
          .values()
          .forEach(name -> outcomes.put(name, new KeyFate.Ignored(reason)));
    }
    if (detection.chosen().isPresent() && mapping.isPresent()) {
      Map<String, String> names = detection.chosen().get().weights().sourceNames();
      mapping.get().fates().forEach(fate -> outcomes.put(names.get(fate.source()), fate.outcome()));
    }
    List<KeyFate> fates = new ArrayList<>();
    for (Map.Entry<String, TensorData> tensor : file.tensors().entrySet()) {
      KeyFate.Outcome outcome = outcomes.get(tensor.getKey());
      fates.add(
          new KeyFate(
              tensor.getKey(),
              tensor.getValue().type(),
              outcome == null ? outside(tensor.getKey()) : outcome));
    }
    return fates;
  }

  private KeyFate.Outcome outside(String name) {
    if (file.constants().containsKey(name)) {
      return new KeyFate.Ignored(file.constants().get(name));
    }
    if (detection.chosen().isEmpty()) {
      return new KeyFate.Rejected("not recognised");
    }
    return new KeyFate.Ignored(
        name.startsWith("opt.") || name.startsWith("optimizer.")
            ? "optimizer state"
            : "outside " + detection.chosen().get().weights().label());
  }
}
