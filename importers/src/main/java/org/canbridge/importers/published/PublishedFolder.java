package org.canbridge.importers.published;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.canbridge.importers.model.StoredModel;
import org.canbridge.tensors.files.InputFileException;

/**
 * A folder as libraries publish one: weights under a usual name beside {@value #CONFIG}, or a whole
 * {@link PipelineFolder}, whose network it is then. Only the names listed here are looked for, in
 * this order; nothing that a file says leads anywhere.
 */
public final class PublishedFolder {
  public static final String CONFIG = "config.json";

  private static final List<String> WEIGHTS =
      List.of(
          "diffusion_pytorch_model.safetensors",
          "diffusion_pytorch_model.safetensors.index.json",
          "diffusion_pytorch_model.fp16.safetensors",
          "diffusion_pytorch_model.bin",
          "diffusion_pytorch_model.bin.index.json",
          "diffusion_pytorch_model.fp16.bin",
          "model.safetensors",
          "model.safetensors.index.json",
          "pytorch_model.bin",
          "pytorch_model.bin.index.json");

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
    return Files.isRegularFile(path.resolve(CONFIG)) && !StoredModel.readConfig(path).has("format")
        ? WEIGHTS.stream().map(path::resolve).filter(Files::isRegularFile).findFirst()
        : Optional.empty();
  }
}
