package org.canbridge.importers;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apiguardian.api.API;
import org.canbridge.importers.detection.Detection;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.PublishedModel;
import org.canbridge.importers.family.Question;
import org.canbridge.importers.keys.KeyFate;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.Provenance;
import org.canbridge.importers.model.StoredModel;
import org.canbridge.importers.published.PublishedFolder;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.formats.TensorFiles;

/**
 * What a file or model directory holds and what import would do with it; a dry run of the import.
 * Reads headers only, whatever the size. A file of no known network has an inspection too.
 *
 * @param file the name of the file or directory
 * @param format e.g. {@code torch-zip}; {@code canbridge/2} for a model directory
 * @param bytes the size of the files with the tensors
 * @param family the family's {@link Family#name}
 * @param title the family's name for people
 * @param layout the layout of the tensors
 * @param published the name of the published model with these arguments
 * @param weights the set of weights that import takes; empty if the file has only one
 * @param known the network's arguments as far as they are known
 * @param open what must be given before the file can be imported
 * @param parameters how many numbers the tensors have that are (or, in a file of no known network,
 *     might be) used
 * @param dtypes how many of these tensors have each element type
 * @param can the settings of a Condition-Aware Network
 * @param keys what becomes of every tensor, in the file's order
 * @param notes what import decides by itself
 * @param verdicts the layouts that the file does not have, and why
 * @param problems why import refuses the file; each a complete message
 */
@API(status = API.Status.STABLE)
public record Inspection(
    String file,
    String format,
    long bytes,
    Optional<String> family,
    Optional<String> title,
    Optional<String> layout,
    Optional<String> published,
    String weights,
    Arguments known,
    List<Question> open,
    long parameters,
    Map<DType, Integer> dtypes,
    Optional<ObjectNode> can,
    List<KeyFate> keys,
    List<String> notes,
    List<String> verdicts,
    List<String> problems) {

  /**
   * Inspects a file or model directory.
   *
   * @throws InputFileException if it cannot be read as any format
   */
  public static Inspection of(Path path, ImportOptions options) {
    Optional<Path> weights = PublishedFolder.weights(path);
    if (Files.isDirectory(path) && weights.isEmpty()) {
      StoredModel model = StoredModel.open(path, options);
      try (TensorFile file = model.file()) {
        return of(path, file, model);
      }
    }
    Optional<GraphFiles> graph = GraphFiles.at(weights.orElse(path), options);
    if (graph.isPresent()) {
      try (TensorFile file = graph.get().model()) {
        return of(path, file, graph.get(), options);
      }
    }
    try (TensorFile file = TensorFiles.open(weights.orElse(path))) {
      return of(path, file, Examination.of(path, file, options));
    }
  }

  private static Inspection of(Path path, TensorFile file, Examination examined) {
    Optional<Detection.Recognised> chosen = examined.detection().chosen();
    List<KeyFate> keys = examined.fates();
    return new Inspection(
        name(path),
        file.format(),
        size(file),
        chosen.map(found -> found.family().name()),
        chosen.map(found -> found.family().title()),
        chosen.map(found -> found.layout().name()),
        chosen
            .flatMap(found -> found.family().publishedAs(examined.known()))
            .map(PublishedModel::name),
        chosen.map(found -> found.weights().wrapper()).orElse(""),
        examined.known(),
        examined.open(),
        parameters(keys),
        dtypes(keys),
        Optional.empty(),
        keys,
        examined.notes(),
        examined.detection().verdicts(),
        messages(examined.problems()));
  }

  private static Inspection of(
      Path path, TensorFile file, GraphFiles graph, ImportOptions options) {
    Family family = Families.ofGraphs();
    return new Inspection(
        name(path),
        file.format(),
        size(file),
        Optional.of(family.name()),
        Optional.of(family.title()),
        Optional.of("graph"),
        Optional.empty(),
        "",
        graph.read().config().shown(),
        graph.open(),
        parameters(graph.read().fates()),
        dtypes(graph.read().fates()),
        Optional.empty(),
        graph.read().fates(),
        graph.read().notes(),
        List.of(),
        messages(graph.problems(options)));
  }

  private static Inspection of(Path path, TensorFile file, StoredModel model) {
    Arguments arguments = model.config().arguments();
    return new Inspection(
        name(path),
        StoredModel.readConfig(path).path("format").asText(),
        size(file),
        Optional.of(model.family().name()),
        Optional.of(model.family().title()),
        Optional.of(Provenance.CANONICAL),
        model.family().publishedAs(arguments).map(PublishedModel::name),
        model.provenance().weights(),
        model.config().shown(),
        List.of(),
        parameters(model.fates()),
        dtypes(model.fates()),
        model.can(),
        model.fates(),
        List.of(),
        List.of(),
        messages(model.problems()));
  }

  /** The same of a model that is refused for a reason which only running it would tell. */
  public Inspection refused(InputFileException problem) {
    return new Inspection(
        file,
        format,
        bytes,
        family,
        title,
        layout,
        published,
        weights,
        known,
        open,
        parameters,
        dtypes,
        can,
        keys,
        notes,
        verdicts,
        List.of(problem.getMessage()));
  }

  /** Whether import would take the file. */
  public boolean importable() {
    return problems.isEmpty();
  }

  /** The inspection for people. */
  public String toText() {
    return InspectionText.of(this);
  }

  /** The inspection for programs: the same data. */
  public ObjectNode toJson() {
    return InspectionJson.of(this);
  }

  private static long parameters(List<KeyFate> keys) {
    return keys.stream()
        .filter(key -> !(key.outcome() instanceof KeyFate.Ignored))
        .filter(key -> key.type().dtype().isFloating())
        .mapToLong(key -> key.type().elements())
        .sum();
  }

  private static Map<DType, Integer> dtypes(List<KeyFate> keys) {
    Map<DType, Integer> counts = new TreeMap<>();
    keys.stream()
        .filter(key -> !(key.outcome() instanceof KeyFate.Ignored))
        .forEach(key -> counts.merge(key.type().dtype(), 1, Integer::sum));
    return counts;
  }

  private static List<String> messages(List<InputFileException> problems) {
    List<String> messages = new ArrayList<>();
    problems.forEach(problem -> messages.add(problem.getMessage()));
    return messages;
  }

  private static String name(Path path) {
    return String.valueOf(path.toAbsolutePath().normalize().getFileName());
  }

  private static long size(TensorFile file) {
    long bytes = 0;
    for (Path path : file.files()) {
      try {
        bytes += Files.size(path);
      } catch (IOException e) {
        throw InputFileException.unreadable(path, e);
      }
    }
    return bytes;
  }
}
