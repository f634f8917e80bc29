package org.canbridge.runtime.record;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.tensors.files.AtomicFile;
import org.canbridge.tensors.files.Json;

/**
 * All that decides what a run gives, by name, in a file beside what it has given so far: {@code
 * format}, the sizes, and {@code settings}, an object of texts. A run that was stopped is taken up
 * with an equal record only.
 */
public final class RunRecord {
  private static final String SETTINGS = "settings";
  private static final String CIRCUMSTANCES = "circumstances";

  private final ObjectNode json;

  private RunRecord(ObjectNode json) {
    this.json = json;
  }

  /**
   * A record.
   *
   * @param format its name and version, e.g. {@code canbridge-samples/1}
   * @param sizes how large the run is; may be empty
   * @param settings everything else
   */
  public static RunRecord of(String format, Map<String, Long> sizes, Map<String, String> settings) {
    ObjectNode json = Json.object().put("format", format);
    sizes.forEach(json::put);
    ObjectNode texts = json.putObject(SETTINGS);
    settings.forEach(texts::put);
    return new RunRecord(json);
  }

  /** The same with what it was begun under, which is kept and never compared. */
  public RunRecord under(Map<String, String> circumstances) {
    ObjectNode noted = json.deepCopy();
    ObjectNode texts = noted.putObject(CIRCUMSTANCES);
    circumstances.forEach(texts::put);
    return new RunRecord(noted);
  }

  /** Writes it, complete or not at all. */
  public void write(Path file) throws IOException {
    AtomicFile.write(file, Json.pretty(json));
  }

  /**
   * What a file says otherwise, one clause each: {@code steps was 50 and is now 20}. Empty if it
   * holds an equal record.
   */
  public List<String> differences(Path file) throws IOException {
    Map<String, String> before;
    try {
      before = values(Json.parse(Files.readAllBytes(file)));
    } catch (JsonProcessingException e) {
      return List.of("the file is not JSON: " + e.getOriginalMessage());
    }
    Map<String, String> now = values(json);
    List<String> differences = new ArrayList<>();
    for (Map.Entry<String, String> entry : now.entrySet()) {
      String there = before.remove(entry.getKey());
      if (!entry.getValue().equals(there)) {
        differences.add(difference(entry.getKey(), there, entry.getValue()));
      }
    }
    before.forEach((name, there) -> differences.add(difference(name, there, null)));
    return differences;
  }

  private static Map<String, String> values(JsonNode json) {
    Map<String, String> values = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      if (!field.getKey().equals(SETTINGS) && !field.getKey().equals(CIRCUMSTANCES)) {
        values.put(field.getKey(), field.getValue().asText());
      }
    }
    for (Map.Entry<String, JsonNode> setting : json.path(SETTINGS).properties()) {
      values.put(setting.getKey(), setting.getValue().asText());
    }
    return values;
  }

  private static String difference(String name, String before, String now) {
    return name + " was " + orAbsent(before) + " and is now " + orAbsent(now);
  }

  private static String orAbsent(String value) {
    return value == null ? "not there" : value;
  }
}
