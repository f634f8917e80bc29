package org.canbridge.importers.published;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.canbridge.importers.model.StoredModel;
import org.canbridge.tensors.files.InputFileException;

/**
 * A folder as libraries publish one: weights under a usual name beside {@value #CONFIG}, or a whole
 * {@link PipelineFolder}, whose network it is then. Only the names listed here are looked for, in
 * this order; nothing that a file says leads anywhere.
 */
public final class PublishedFolder {
  public static final String CONFIG = "config.json";

  /** What the weights are called, before and after the name of a variant such as {@code fp16}. */
  private static final List<String[]> WEIGHTS =
      List.of(
          new String[] {"diffusion_pytorch_model", "safetensors"},
          new String[] {"diffusion_pytorch_model", "bin"},
          new String[] {"model", "safetensors"},
          new String[] {"pytorch_model", "bin"},
          new String[] {"model", "bin"});

  private PublishedFolder() {}

  /**
   * The weights in a published folder; empty if the path is a file or a folder of another kind.
   *
   * @throws InputFileException if the folder's configuration is no JSON object
   */
  public static Optional<Path> weights(Path path) {
    if (!Files.isDirectory(path)) {
      return Optional.empty();
    }
    Optional<PipelineFolder> pipeline = PipelineFolder.at(path);
    if (pipeline.isPresent()) {
      return weights(pipeline.get().network());
    }
    if (Files.isRegularFile(path.resolve(CONFIG))) {
      return StoredModel.readConfig(path).has("format") ? Optional.empty() : named(path);
    }
    // A model directory that has lost its configuration has weights of a usual name too.
    return named(path)
        .filter(
            file ->
                !file.getFileName().toString().startsWith("model.safetensors")
                    || TrainingFolder.isOfAccelerate(path))
        .or(() -> TrainingFolder.weights(path));
  }

  /** Weights under a usual name: one file, an index, or those of the only variant that is there. */
  private static Optional<Path> named(Path folder) {
    for (String[] name : WEIGHTS) {
      String plain = name[0] + "." + name[1];
      String index = plain + ".index.json";
      List<Path> found =
          Stream.of(plain, index).map(folder::resolve).filter(Files::isRegularFile).toList();
      if (found.isEmpty()) {
        Pattern variant =
            Pattern.compile(
                name[0]
                    + "(\\.\\w+|-00001-of-\\d{5})\\."
                    + name[1]
                    + "|"
                    + plain
                    + "\\.index\\.\\w+\\.json");
        found = TrainingFolder.list(folder, variant);
      }
      if (!found.isEmpty()) {
        return Optional.of(found.get(0));
      }
    }
    return Optional.empty();
  }
}
