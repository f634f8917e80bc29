package org.canbridge.importers;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.canbridge.importers.detection.Detection;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.family.Question;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.GraphReader;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ImportedFile;
import org.canbridge.importers.model.Trained;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.files.FileState;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;
import org.canbridge.tensors.formats.TensorFiles;
import org.canbridge.tensors.onnx.OnnxModel;
import org.canbridge.tensors.onnx.OnnxProblem;

/** ONNX models whose weights are those of no family, read as graphs. */
final class GraphFiles {
  private static final String OBJECTIVE = "--objective SETTINGS";

  private final OnnxModel model;
  private final List<FileState> opened;
  private final GraphReader.Read read;
  private final List<Question> open = new ArrayList<>();

  private GraphFiles(
      OnnxModel model, List<FileState> opened, GraphReader.Read read, ImportOptions options) {
    this.model = model;
    this.opened = opened;
    this.read = read;
    usual().ifPresent(usual -> ask(usual, options.objective()));
  }

  /** Nothing in the file tells what the network was trained for. */
  private void ask(Objective usual, ObjectNode given) {
    ask(given, "path", "no file holds what a network was trained for, e.g. flow-linear");
    ask(given, "prediction", "no file holds it, e.g. prediction=velocity");
    if (!given.path("path").asText().equals(usual.path().toString())) {
      ask(given, "time_scale.clean", "what the network is given for an image");
      ask(given, "time_scale.noise", "what the network is given for noise");
    }
    if (usual.labelRows() > 0) {
      ask(given, "null_class", "the label table's last row, if it stands for no class, else none");
    }
  }

  private void ask(ObjectNode given, String field, String reason) {
    if (!given.has(field)) {
      open.add(new Question("objective." + field, OBJECTIVE, reason, Optional.empty()));
    }
  }

  private Optional<Objective> usual() {
    return Families.ofGraphs().objective(read.config());
  }

  /** The model, if the file is to be read as a graph. */
  static Optional<Checkpoint> open(Path file, ImportOptions options) {
    return at(file, options).map(graph -> graph.checkpoint(options));
  }

  /** The file as a graph, if it is to be read so: it is asked for, or nothing else reads it. */
  static Optional<GraphFiles> at(Path file, ImportOptions options) {
    Optional<GraphReader> reader = GraphReader.find();
    if (reader.isEmpty() || !Files.isRegularFile(file) || !isOnnx(file)) {
      return Optional.empty();
    }
    boolean asked =
        options
            .family()
            .map(given -> given.value().textValue())
            .filter(GraphFiles::isGraph)
            .isPresent();
    if (!asked && isOfFamily(file, options)) {
      return Optional.empty();
    }
    Optional<FileState> before = FileState.find(file);
    OnnxModel model = OnnxModel.open(file);
    try {
      return Optional.of(
          new GraphFiles(
              model,
              FileState.of(model.files(), before),
              reader.get().read(model, options),
              options));
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  private static boolean isGraph(String family) {
    return family.equals(Families.ofGraphs().name());
  }

  private static boolean isOnnx(Path file) {
    try (TensorFile opened = TensorFiles.open(file)) {
      return opened.format().equals("onnx");
    } catch (InputFileException e) {
      return e.problem() == OnnxProblem.RENAMED;
    }
  }

  /** Whether its tensors are those of a family, under the names that the exporter left. */
  private static boolean isOfFamily(Path file, ImportOptions options) {
    try (TensorFile opened = TensorFiles.open(file)) {
      return Detection.of(opened, options.weights(), options.set(), Optional.empty())
          .chosen()
          .isPresent();
    } catch (InputFileException e) {
      return false;
    }
  }

  OnnxModel model() {
    return model;
  }

  GraphReader.Read read() {
    return read;
  }

  /** What must be given before it can be imported. */
  List<Question> open() {
    return open;
  }

  /** What it was trained for. */
  private Optional<Trained> trained(ImportOptions options) {
    Family family = Families.ofGraphs();
    return Trained.of(model.path(), family, read.config(), model.values(), Json::object, options);
  }

  /** Why it is not imported; empty if it is. */
  List<InputFileException> problems(ImportOptions options) {
    if (!open.isEmpty()) {
      return List.of(
          InputFileException.of(ImportProblem.NEEDS_OPTION, model.path())
              .what("the file does not tell what the network was trained for")
              .expected(OBJECTIVE)
              .actual(
                  String.join(
                      "; ", open.stream().map(q -> q.argument() + ": " + q.reason()).toList()))
              .next("add what is missing to --objective; docs/can-format.md describes the fields")
              .build());
    }
    try {
      trained(options);
      return List.of();
    } catch (InputFileException e) {
      return List.of(e);
    }
  }

  private Checkpoint checkpoint(ImportOptions options) {
    try {
      for (InputFileException problem : problems(options)) {
        throw problem;
      }
      return Checkpoint.read(
          read.config(),
          read.tensors(),
          Optional.empty(),
          trained(options),
          new ImportedFile(model, opened, "graph", "", read.fates()),
          read.notes(),
          List.of());
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }
}
