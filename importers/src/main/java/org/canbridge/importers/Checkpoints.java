package org.canbridge.importers;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apiguardian.api.API;
import org.canbridge.importers.detection.Detection;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.keys.KeyProblem;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ImportedFile;
import org.canbridge.importers.model.KeyReport;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.published.PipelineFolder;
import org.canbridge.importers.published.PublishedFolder;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.files.FileState;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.formats.TensorFiles;

/**
 * Opens models.
 *
 * <pre>{@code
 * try (Checkpoint checkpoint = Checkpoints.open(Path.of("DiT-XL-2-256x256.pt"))) {
 *   DitConfig config = (DitConfig) checkpoint.config();
 *   TensorData table = checkpoint.tensors().get("pos_embed");
 * }
 * }</pre>
 */
@API(status = API.Status.STABLE)
public final class Checkpoints {
  private Checkpoints() {}

  /** Opens a file or directory about which nothing needs to be said. */
  public static Checkpoint open(Path path) {
    return open(path, ImportOptions.defaults());
  }

  /**
   * Opens a published file or a model directory. No weights are read: they are mapped when they are
   * used.
   *
   * @throws InputFileException if it is of no family that is read, does not fit its layout, or
   *     leaves something open that an option must settle
   */
  public static Checkpoint open(Path path, ImportOptions options) {
    Optional<Path> weights = PublishedFolder.weights(path);
    if (Files.isDirectory(path) && weights.isEmpty()) {
      return ModelDirectory.read(
          PipelineFolder.at(path).map(PipelineFolder::network).orElse(path), options);
    }
    Optional<Checkpoint> graph = GraphFiles.open(weights.orElse(path), options);
    if (graph.isPresent()) {
      return graph.get();
    }
    Optional<FileState> before = FileState.find(weights.orElse(path));
    TensorFile file = TensorFiles.open(weights.orElse(path));
    try {
      return importFile(
          file, FileState.of(file.files(), before), Examination.of(path, file, options));
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  /**
   * Opens a file with other weights of a model, as another program's training left them: a state
   * dict, alone or in a training checkpoint, or a TorchScript module. The model's arguments, its
   * conversion, its objective and its provenance stay. Closing it closes the model too, which stays
   * open if the file is refused.
   *
   * @param path the file
   * @param model what the file's tensors are like, to the last name and shape; element types of
   *     floating-point tensors may differ, and stay as they are in the file
   * @param options which weights of the file are meant
   * @throws InputFileException if the tensors are others
   */
  public static Checkpoint openLike(Path path, Checkpoint model, ImportOptions options) {
    TensorFile file = TensorFiles.open(PublishedFolder.weights(path).orElse(path));
    try {
      return LikeImport.open(file, model, options);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static Checkpoint importFile(
      TensorFile file, List<FileState> opened, Examination examined) {
    if (!examined.problems().isEmpty()) {
      InputFileException first = examined.problems().get(0);
      examined.problems().stream().skip(1).forEach(first::addSuppressed);
      throw first;
    }
    Detection.Recognised chosen = examined.detection().chosen().orElseThrow();
    List<KeyProblem> values = examined.checkValues();
    if (!values.isEmpty()) {
      throw KeyReport.exception(
          file.path(), Detection.describe(chosen.family(), chosen.layout()), List.of(), values);
    }
    ModelConfig config = examined.config().orElseThrow();
    return Checkpoint.read(
            config,
            canonicalOrder(chosen.family(), config, examined.mapping().orElseThrow().tensors()),
            Optional.empty(),
            examined.trained(),
            new ImportedFile(
                file,
                opened,
                chosen.layout().name(),
                chosen.weights().recorded(),
                examined.fates()),
            examined.notes(),
            List.of())
        .withClassNames(examined::classNames);
  }

  /** The order of the authors' state dict, whatever the order of the layout that was read. */
  private static Map<String, TensorData> canonicalOrder(
      Family family, ModelConfig config, Map<String, TensorData> tensors) {
    Map<String, TensorData> ordered = new LinkedHashMap<>();
    Set<String> names = family.canonical().keyMap(config.arguments()).targets().keySet();
    names.forEach(name -> ordered.put(name, tensors.get(name)));
    if (!names.equals(tensors.keySet())) {
      throw new IllegalStateException("a layout of " + family.name() + " is not the canonical one");
    }
    return ordered;
  }
}
