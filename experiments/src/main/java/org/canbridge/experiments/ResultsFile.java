package org.canbridge.experiments;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * The results, one JSON object a line, in the order in which they came.
 *
 * @param path of the file; need not exist yet
 */
record ResultsFile(Path path) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** All results so far. */
  List<RunResult> read() throws IOException {
    List<RunResult> results = new ArrayList<>();
    if (Files.exists(path)) {
      for (String line : Files.readAllLines(path)) {
        results.add(parse(line));
      }
    }
    return results;
  }

  /** Adds a result. */
  void append(RunResult result) throws IOException {
    Files.createDirectories(path.getParent());
    Files.writeString(
        path, format(result) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
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
