package org.canbridge.importers.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Family;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every way in which a {@code config.json} can be wrong. */
class ModelConfigurationTest extends WrittenModel {
  @Test
  void refusesADirectoryWithoutConfiguration() throws IOException {
    Files.delete(model.resolve("config.json"));
    assertRefused(
        ModelProblem.NOT_A_MODEL_DIRECTORY,
        "the directory is not a model directory of CAN Bridge",
        "expected: a config.json with \"format\": \"canbridge/2\"",
        "actual: no config.json",
        "file: MODEL",
        "next: name the checkpoint file itself");
  }

  @Test
  void refusesTheConfigurationOfAnotherProgram() throws IOException {
    edit(json -> json.remove("format"));
    Files.move(model.resolve("model.safetensors"), model.resolve("other.safetensors"));
    assertRefused(
        ModelProblem.NOT_A_MODEL_DIRECTORY,
        "the directory is not a model directory of CAN Bridge",
        "expected: a config.json with \"format\": \"canbridge/2\"",
        "actual: a config.json that some other program wrote",
        "file: MODEL",
        "next: name the checkpoint file itself");
  }

  @Test
  void refusesOtherVersions() throws IOException {
    edit(json -> json.put("format", "canbridge/3"));
    assertRefused(
        ModelProblem.CONFIG_VERSION,
        "the model directory is of another version of the format",
        "expected: canbridge/2 or canbridge/1",
        "actual: canbridge/3",
        "file: MODEL/config.json",
        "key: format",
        "next: read it with the version of CAN Bridge that wrote it");
  }

  @Test
  void refusesWhatIsNoJson() throws IOException {
    for (String text : List.of("{", "{\"a\": 1, \"a\": 2}", "{} {}", "")) {
      Files.write(model.resolve("config.json"), text.getBytes(StandardCharsets.UTF_8));
      InputFileException e =
          assertThrows(InputFileException.class, () -> Checkpoints.open(model).close(), text);
      assertEquals(ModelProblem.CONFIG_NOT_JSON, e.problem(), text);
    }
    Files.writeString(model.resolve("config.json"), "[1]");
    assertRefused(
        ModelProblem.CONFIG_NOT_JSON,
        "the file does not hold a JSON object",
        "actual: JSON of another kind",
        "file: MODEL/config.json",
        "next: write the model again");
  }

  @Test
  void refusesFieldsThatAreMissingUnknownOrWrong() throws IOException {
    byte[] good = Files.readAllBytes(model.resolve("config.json"));
    Map<Consumer<ObjectNode>, List<String>> cases =
        Map.of(
            json -> json.put("surplus", 1),
            List.of("a field of the format", "an unknown name", "surplus"),
            json -> json.remove("architecture"),
            List.of("a text", "missing", "architecture"),
            json -> json.put("architecture", "unet"),
            List.of(
                "one of " + String.join(", ", Families.all().stream().map(Family::name).toList()),
                "unet",
                "architecture"),
            json -> json.put("config", 3),
            List.of("an object", "number", "config"),
            json -> json.remove("provenance"),
            List.of("an object", "missing", "provenance"),
            json -> json.putArray("can"),
            List.of("an object", "array", "can"),
            json -> json.putObject("can").put("removed", "x"),
            List.of("a list of texts", "string", "can.removed"),
            json -> json.putArray("class_names").add("cat"),
            List.of("an object", "array", "class_names"),
            json -> json.putObject("class_names").putArray("01").add("cat"),
            List.of("numbers of classes, each with its names", "01", "class_names"),
            json -> json.putObject("class_names").put("1", "cat"),
            List.of("a list of texts", "string", "class_names.1"));
    for (Map.Entry<Consumer<ObjectNode>, List<String>> one : cases.entrySet()) {
      Files.write(model.resolve("config.json"), good);
      edit(one.getKey());
      assertRefused(
          ModelProblem.CONFIG_FIELD,
          "the configuration is not as the format says",
          "expected: " + one.getValue().get(0),
          "actual: " + one.getValue().get(1),
          "file: MODEL/config.json",
          "key: " + one.getValue().get(2),
          "next: docs/can-format.md describes the fields");
    }
  }

  @Test
  void refusesArgumentsThatMakeNoNetwork() throws IOException {
    edit(
        json -> {
          ObjectNode config = (ObjectNode) json.get("config");
          config.remove("depth");
          config.put("hidden_size", "48");
          config.put("heads", 3);
          config.put("num_classes", 1e12);
        });
    assertRefused(
        ModelProblem.CONFIG_FIELD,
        "the arguments make no DiT (Peebles and Xie, ICCV 2023)",
        "actual: hidden_size must be a whole number from 1 to 1048576, is \"48\"; depth is"
            + " missing; num_classes must be a whole number from 0 to 1048576, is 1.0E12; heads"
            + " is unknown",
        "file: MODEL/config.json",
        "key: config",
        "next: docs/can-format.md describes the fields");
  }

  @Test
  void refusesADepthThatWouldOnlyFillMemory() throws IOException {
    edit(json -> ((ObjectNode) json.get("config")).put("depth", 2_000_000_000));
    assertRefused(
        ModelProblem.CONFIG_FIELD,
        "the arguments make no DiT (Peebles and Xie, ICCV 2023)",
        "actual: depth must be a whole number from 1 to 4096, is 2000000000",
        "file: MODEL/config.json",
        "key: config",
        "next: docs/can-format.md describes the fields");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "tool                |           | a text                         | missing",
        "tool                | 1         | a text                         | number",
        "format              |           | a text                         | missing",
        "sources             |           | a list of objects              | missing",
        "sources             | \"x\"       | a list of objects              | string",
        "sources             | [\"x\"]     | a list of objects              | array",
        "layout              |           | a text                         | missing",
        "weights             |           | a text                         | missing",
        "keys                |           | an object                      | missing",
        "changes             |           | a list of texts                | missing",
        "changes             | [1]       | a list of texts                | array",
        "objective           |           | a text                         | missing",
        "objective           | {}        | a text                         | object",
        "date                | \"today\"   | a field of the format          | an unknown name",
        "keys.used           |           | a whole number, 0 or more      | missing",
        "keys.used           | -1        | a whole number, 0 or more      | number",
        "keys.ignored        |           | an object                      | missing",
        "keys.ignored        | []        | an object                      | array",
        "keys.ignored.ema    | \"a\"       | a list of texts                | string",
        "keys.more           | 1         | a field of the format          | an unknown name",
        "sources[0].file     |           | a text                         | missing",
        "sources[0].bytes    |           | a whole number, 0 or more      | missing",
        "sources[0].bytes    | \"1\"       | a whole number, 0 or more      | string",
        "sources[0].sha256   |           | a text                         | missing",
        "sources[0].path     | \"/a\"      | a field of the format          | an unknown name",
      })
  void refusesProvenanceThatIsNotAsDocumented(
      String field, String value, String expected, String actual) throws IOException {
    JsonNode replacement =
        value == null ? null : Json.parse(value.getBytes(StandardCharsets.UTF_8));
    edit(
        json -> {
          ObjectNode provenance = (ObjectNode) json.get("provenance");
          ObjectNode source = provenance.withArray("/sources").addObject();
          source.put("file", "a.pt").put("bytes", 1).put("sha256", "00");
          int dot = field.lastIndexOf('.');
          JsonNode in =
              provenance.at(
                  dot < 0
                      ? ""
                      : "/"
                          + field
                              .substring(0, dot)
                              .replace("[", "/")
                              .replace("]", "")
                              .replace('.', '/'));
          ((ObjectNode) in).remove(field.substring(dot + 1));
          if (replacement != null) {
            ((ObjectNode) in).set(field.substring(dot + 1), replacement);
          }
        });
    assertRefused(
        ModelProblem.CONFIG_FIELD,
        "the configuration is not as the format says",
        "expected: " + expected,
        "actual: " + actual,
        "file: MODEL/config.json",
        "key: provenance." + field,
        "next: docs/can-format.md describes the fields");
  }

  @Test
  void whoSaysTheObjectiveNeedsOne() throws IOException {
    edit(
        json -> {
          json.put("format", "canbridge/1");
          json.remove("objective");
        });
    assertRefused(
        ModelProblem.CONFIG_FIELD,
        "the configuration is not as the format says",
        "expected: no such field without 'objective'",
        "actual: one",
        "file: MODEL/config.json",
        "key: provenance.objective",
        "next: docs/can-format.md describes the fields");
  }

  @Test
  void refusesAnObjectiveOfAnotherNetwork() throws IOException {
    edit(json -> ((ObjectNode) json.get("objective")).put("classes", 5).put("null_class", 5));
    assertRefused(
        ModelProblem.OBJECTIVE,
        "this is no objective of the network",
        "expected: the fields of 'objective' in docs/can-format.md",
        "actual: classes and null_class must make the 11 rows of the label table, make 6",
        "file: MODEL/config.json",
        "key: objective",
        "next: mend config.json, or import the published file again");
  }
}
