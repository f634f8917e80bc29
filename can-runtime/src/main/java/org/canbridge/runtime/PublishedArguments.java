package org.canbridge.runtime;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelProblem;
import org.canbridge.tensors.files.InputFileException;

/**
 * What the {@code config.json} beside a helper model's weights (autoencoder, text encoder) tells
 * that no tensor does.
 */
final class PublishedArguments {
  private static final String CONFIG = "config.json";
  private static final long MAX_BYTES = 1 << 20;

  private PublishedArguments() {}

  /**
   * Adds it to the options; a model directory of ours needs none.
   *
   * @param path a file or folder
   * @throws InputFileException if there is such a file and it is no JSON object
   */
  static ImportOptions addTo(ImportOptions options, Path path) {
    Path config = Files.isDirectory(path) ? path.resolve(CONFIG) : path.resolveSibling(CONFIG);
    if (!Files.isRegularFile(config)) {
      return options;
    }
    try {
      if (Files.size(config) <= MAX_BYTES
          && new ObjectMapper().readTree(Files.readAllBytes(config)) instanceof ObjectNode object) {
        return object.has("format") ? options : options.withArguments(object, CONFIG);
      }
    } catch (JsonProcessingException e) {
      throw notJson(config, e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    throw notJson(config, null);
  }

  private static InputFileException notJson(Path config, Exception cause) {
    return InputFileException.of(ModelProblem.CONFIG_NOT_JSON, config)
        .what("the configuration is not a JSON object")
        .expected("the config.json that the model was published with")
        .next("fetch the file again")
        .cause(cause)
        .build();
  }
}
