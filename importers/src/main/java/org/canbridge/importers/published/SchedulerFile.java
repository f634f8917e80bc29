package org.canbridge.importers.published;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.canbridge.importers.model.ModelProblem;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;

/**
 * The {@code scheduler_config.json} of diffusers: how the model was trained, and how its publishers
 * sample it.
 *
 * @param path the file
 * @param configuration its content
 */
public record SchedulerFile(Path path, ObjectNode configuration) {
  static final String NAME = "scheduler_config.json";
  private static final long MAX_BYTES = 1 << 20;

  /**
   * Reads it.
   *
   * @param path the file or the folder that holds it
   * @throws InputFileException if there is no such file, or it is no JSON object
   */
  public static SchedulerFile open(Path path) {
    Path file = Files.isDirectory(path) ? path.resolve(NAME) : path;
    if (!Files.isRegularFile(file)) {
      throw InputFileException.of(FileProblem.MISSING, file)
          .what("there is no such file")
          .expected("a " + NAME + " of diffusers")
          .next("check the path")
          .build();
    }
    return new SchedulerFile(
        file, Json.pythonObject(file, MAX_BYTES, (found, cause) -> notJson(file, cause)));
  }

  private static InputFileException notJson(Path file, Exception cause) {
    return InputFileException.of(ModelProblem.CONFIG_NOT_JSON, file)
        .what("the configuration is not a JSON object")
        .expected("the " + NAME + " that the model was published with")
        .next("fetch the file again")
        .cause(cause)
        .build();
  }

  /** The same with another value of one field. */
  public SchedulerFile with(String field, JsonNode value) {
    ObjectNode changed = configuration.deepCopy();
    changed.set(field, value);
    return new SchedulerFile(path, changed);
  }

  /**
   * What the model was trained for, as settings of {@link
   * org.canbridge.importers.family.Objective#with}.
   *
   * @throws InputFileException if it tells nothing, or what is not followed
   */
  public ObjectNode objective() {
    try {
      return SchedulerTraining.objective(configuration);
    } catch (IllegalArgumentException e) {
      throw refused("the scheduler's configuration tells no training schedule that is followed", e)
          .expected("betas that are linear, scaled_linear or squaredcos_cap_v2")
          .next(
              "sample the model with the library that it was published for; or say what it was"
                  + " trained for: --objective")
          .build();
    }
  }

  /** What {@link #objective()} reads, as text by name: for picture files. */
  public Map<String, String> describe() {
    return SchedulerTraining.fields(configuration).describe();
  }

  /**
   * The beginning of a message that this is not followed.
   *
   * @param reasons one a line
   */
  public InputFileException.Builder refused(String what, IllegalArgumentException reasons) {
    return InputFileException.of(SchedulerProblem.UNSUPPORTED, path)
        .what(what)
        .actual(String.join("; ", reasons.getMessage().lines().toList()))
        .cause(reasons);
  }
}
