package org.canbridge.importers.published;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.canbridge.importers.model.ModelProblem;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;

/**
 * A whole pipeline as diffusers saves one: {@value #INDEX} beside a folder for each part. Only the
 * parts named here are looked for; what the index says leads nowhere.
 *
 * @param path the folder
 */
public record PipelineFolder(Path path) {
  static final String INDEX = "model_index.json";
  static final String NETWORK = "transformer";
  static final String SCHEDULER = "scheduler";
  static final String CLASS_NAMES = "id2label";
  private static final long MAX_INDEX_BYTES = 16L << 20;

  /** The pipeline at a path; empty if it is anything else. */
  public static Optional<PipelineFolder> at(Path path) {
    return Files.isRegularFile(path.resolve(INDEX))
        ? Optional.of(new PipelineFolder(path))
        : Optional.empty();
  }

  /** The folder of the network: {@code transformer}, there or not. */
  public Path network() {
    return path.resolve(NETWORK);
  }

  /** The folder of the autoencoder, {@code vae}, if there is one. */
  public Optional<Path> autoencoder() {
    return Optional.of(path.resolve("vae")).filter(Files::isDirectory);
  }

  /** The file {@code scheduler/scheduler_config.json}, if there is one. */
  public Optional<Path> scheduler() {
    return Optional.of(path.resolve(SCHEDULER).resolve(SchedulerFile.NAME))
        .filter(Files::isRegularFile);
  }

  /**
   * The object in {@value #INDEX}.
   *
   * @throws InputFileException if that file holds none
   */
  ObjectNode index() {
    Path index = path.resolve(INDEX);
    return Json.pythonObject(
        index,
        MAX_INDEX_BYTES,
        (found, cause) ->
            InputFileException.of(ModelProblem.CONFIG_NOT_JSON, index)
                .what("the file does not hold a JSON object")
                .actual(found)
                .next("fetch the file again, or name classes by numbers")
                .cause(cause)
                .build());
  }

  /**
   * What the classes are called, each by one or more names: {@code id2label} of {@value #INDEX},
   * where commas part the names of one class. Empty if it says nothing.
   *
   * @throws InputFileException if that file holds no JSON object
   */
  public Map<Integer, List<String>> classNames() {
    JsonNode labels = index().path(CLASS_NAMES);
    Map<Integer, List<String>> names = new TreeMap<>();
    labels
        .fieldNames()
        .forEachRemaining(
            number -> {
              if (number.matches("\\d{1,9}") && labels.get(number).isTextual()) {
                String[] all = labels.get(number).textValue().split(",", -1);
                names.put(Integer.valueOf(number), Arrays.stream(all).map(String::strip).toList());
              }
            });
    return names;
  }
}
