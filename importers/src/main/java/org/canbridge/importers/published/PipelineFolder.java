package org.canbridge.importers.published;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A whole pipeline as diffusers saves one: {@value #INDEX} beside a folder for each part. Only the
 * parts named here are looked for; what the index says leads nowhere.
 *
 * @param path the folder
 */
public record PipelineFolder(Path path) {
  private static final String INDEX = "model_index.json";

  /** The pipeline at a path; empty if it is anything else. */
  public static Optional<PipelineFolder> at(Path path) {
    return Files.isRegularFile(path.resolve(INDEX))
        ? Optional.of(new PipelineFolder(path))
        : Optional.empty();
  }

  /** The folder of the network: {@code transformer}, there or not. */
  Path network() {
    return path.resolve("transformer");
  }

  /** The folder of the autoencoder, {@code vae}, if there is one. */
  public Optional<Path> autoencoder() {
    return Optional.of(path.resolve("vae")).filter(Files::isDirectory);
  }

  /** The file {@code scheduler/scheduler_config.json}, if there is one. */
  public Optional<Path> scheduler() {
    return Optional.of(path.resolve("scheduler").resolve("scheduler_config.json"))
        .filter(Files::isRegularFile);
  }
}
