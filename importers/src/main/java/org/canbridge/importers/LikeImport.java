package org.canbridge.importers;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.detection.Detection;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.StateDict;
import org.canbridge.importers.family.Weights;
import org.canbridge.importers.keys.KeyProblem;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ImportedFile;
import org.canbridge.importers.model.KeyReport;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.FileState;
import org.canbridge.tensors.files.InputFileException;

/** Other weights of a model, such as another program's training left them. */
final class LikeImport {
  private LikeImport() {}

  /**
   * The model with the weights of a file; closing it closes both.
   *
   * @throws InputFileException if the file's tensors are not those of the model to the last name
   *     and shape
   */
  static Checkpoint open(TensorFile file, Checkpoint model, ImportOptions options) {
    List<FileState> opened = file.files().stream().map(FileState::of).toList();
    Family family = Families.byName(model.config().architecture()).orElseThrow();
    Map<String, TensorData> old = model.tensors();
    Detection detection =
        Detection.like(file, family, old.keySet(), options.weights(), options.set());
    if (detection.problem().isPresent()) {
      throw detection.problem().get();
    }
    StateDict found = detection.chosen().orElseThrow().weights();
    List<KeyProblem> problems = problems(old, found);
    if (!problems.isEmpty()) {
      throw KeyReport.exception(
          file.path(), "the model that they are to be like", List.of(), problems);
    }
    Map<String, TensorData> tensors = new LinkedHashMap<>(old);
    tensors.replaceAll((name, tensor) -> found.tensors().get(name));
    return model.retrained(
        "weights trained elsewhere",
        tensors,
        new ImportedFile(file, opened, "", "", List.of()),
        notes(file, detection, found));
  }

  private static List<KeyProblem> problems(Map<String, TensorData> old, StateDict found) {
    List<KeyProblem> problems = new ArrayList<>();
    old.forEach(
        (name, tensor) -> {
          TensorData other = found.tensors().get(name);
          if (other == null) {
            problems.add(new KeyProblem(KeyProblem.Kind.MISSING, name, tensor.type().toString()));
          } else {
            String source = found.sourceNames().get(name);
            misfit(source, tensor.type(), other.type()).ifPresent(problems::add);
          }
        });
    found
        .tensors()
        .forEach(
            (name, tensor) -> {
              if (!old.containsKey(name)) {
                problems.add(
                    new KeyProblem(
                        KeyProblem.Kind.UNEXPECTED,
                        found.sourceNames().get(name),
                        tensor.type().toString()));
              }
            });
    problems.sort((one, other) -> one.kind().compareTo(other.kind()));
    return problems;
  }

  private static Optional<KeyProblem> misfit(String name, TensorType type, TensorType found) {
    boolean sameNumbers =
        type.dtype().isFloating() ? found.dtype().isFloating() : found.dtype() == type.dtype();
    if (type.shape().equals(found.shape()) && sameNumbers) {
      return Optional.empty();
    }
    return Optional.of(
        new KeyProblem(
            sameNumbers ? KeyProblem.Kind.SHAPE : KeyProblem.Kind.ELEMENTS,
            name,
            "expected " + type + ", is " + found));
  }

  private static List<String> notes(TensorFile file, Detection detection, StateDict found) {
    List<String> notes = new ArrayList<>(file.notes());
    if (!found.wrapper().isEmpty()) {
      List<String> others =
          detection.others().stream().map(other -> other.weights().label()).toList();
      notes.add(
          "weights taken from "
              + found.label()
              + (found.kind() == Weights.EMA ? " (moving average)" : "")
              + (others.isEmpty() ? "" : "; the file also holds " + String.join(", ", others)));
    }
    return notes;
  }
}
