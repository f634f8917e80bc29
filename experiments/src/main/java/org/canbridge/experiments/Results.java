package org.canbridge.experiments;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.canbridge.tensors.files.AtomicFile;

/**
 * The results, one JSON file a run.
 *
 * @param folder need not exist yet
 */
record Results(Path folder) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** All results so far, by the names of their files. */
  List<RunResult> read() throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    List<RunResult> results = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        results.add(parse(Files.readString(file)));
      }
    }
    return results;
  }

  /** Writes a result, whole or not at all. */
  void write(RunResult result) throws IOException {
    Files.createDirectories(folder);
    AtomicFile.write(folder.resolve(result.job().fileName() + ".json"), format(result) + "\n");
  }

  static String format(RunResult result) {
    try {
      return JSON.writeValueAsString(result);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  static RunResult parse(String line) throws IOException {
    return JSON.readValue(line, RunResult.class);
  }
}
