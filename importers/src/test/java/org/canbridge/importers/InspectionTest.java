package org.canbridge.importers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.Json;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectionTest {
  @TempDir Path folder;

  private Path write(Map<String, TensorData> tensors) throws IOException {
    Path file = folder.resolve("file.safetensors");
    SafetensorsWriter.write(file, tensors, Map.of());
    return file;
  }

  private static String line(String text, String start) {
    return text.lines().filter(line -> line.strip().startsWith(start)).findFirst().orElseThrow();
  }

  @Test
  void showsWhatImportWouldDo() throws IOException {
    Map<String, TensorData> tensors = DitFiles.prefixed("ema.", DitFiles.tensors(48, 1));
    tensors.put("step", TestTensors.random(1, DType.I64, List.of()));
    Inspection inspection = Inspection.of(write(tensors), ImportOptions.defaults().withHeads(3));
    assertTrue(inspection.importable());
    assertEquals(DitFiles.config(48, 1, 3).arguments(), inspection.known());
    assertEquals(
        DitFiles.tensors(48, 1).values().stream().mapToLong(t -> t.type().elements()).sum(),
        inspection.parameters());
    assertEquals(Map.of(DType.F32, 22), inspection.dtypes());
    String text = inspection.toText();
    assertEquals("file.safetensors", text.lines().findFirst().orElseThrow());
    assertEquals("  weights                   ema", line(text, "weights"));
    assertEquals("  hidden_size               48", line(text, "hidden_size"));
    assertTrue(
        line(text, "ema.pos_embed").endsWith("F32[1, 16, 48]    copy -> pos_embed"),
        line(text, "ema.pos_embed"));
    assertTrue(line(text, "step").endsWith("ignored: outside ema"), line(text, "step"));
    assertEquals(23, text.lines().dropWhile(line -> !line.equals("tensors")).skip(1).count());
  }

  @Test
  void showsWhatMustBeGiven() throws IOException {
    Inspection inspection = Inspection.of(write(DitFiles.tensors(48, 1)), ImportOptions.defaults());
    assertFalse(inspection.importable());
    assertEquals(
        "  num_heads                 ? give --heads N: the number of attention heads is in no"
            + " tensor's shape",
        line(inspection.toText(), "num_heads"));
    JsonNode open = inspection.toJson().get("open").get(0);
    assertEquals("num_heads", open.get("argument").textValue());
    assertEquals("--heads N", open.get("option").textValue());
  }

  @Test
  void showsSoManyTensorsThatATerminalTakesThem() throws IOException {
    Map<String, TensorData> many = new LinkedHashMap<>();
    TensorData one = TestTensors.random(1, DType.F32, List.of());
    for (int i = 0; i < 3_000; i++) {
      many.put("a".repeat(4_000) + i, one);
    }
    Inspection inspection = Inspection.of(write(many), ImportOptions.defaults());
    List<String> lines =
        inspection.toText().lines().dropWhile(line -> !line.equals("tensors")).skip(1).toList();
    assertEquals(2_001, lines.size());
    assertTrue(lines.get(0).startsWith("  " + "a".repeat(160) + "...  F32[]  "), lines.get(0));
    assertEquals("  ... and 1,000 more, which --json lists", lines.get(2_000));
    assertEquals(3_000, inspection.toJson().get("tensors").size());
    assertTrue(inspection.toText().length() < 500_000);
  }

  @Test
  void showsDamagedFiles() throws IOException {
    Map<String, TensorData> damaged = DitFiles.tensors(48, 1);
    damaged.put("surplus\u0007", TestTensors.random(1, DType.F32, List.of(3L)));
    Inspection inspection = Inspection.of(write(damaged), ImportOptions.defaults().withHeads(3));
    String text = inspection.toText();
    assertTrue(line(text, "surplus\\u0007").endsWith("refused: not part of this layout"), text);
    assertEquals(-1, text.indexOf('\u0007'));
    assertEquals("dit", inspection.toJson().get("family").textValue());
    assertFalse(inspection.toJson().get("importable").booleanValue());
  }

  @Test
  void showsFilesOfOtherNetworks() throws IOException {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    tensors.put("lin0.model.1.weight", TestTensors.random(1, DType.F16, List.of(1L, 64L, 1L, 1L)));
    tensors.put("lin4.model.1.weight", TestTensors.random(1, DType.F16, List.of(1L, 256L, 1L, 1L)));
    Inspection inspection = Inspection.of(write(tensors), ImportOptions.defaults());
    String text = inspection.toText();
    assertEquals("  family                    none that is read", line(text, "family"));
    assertTrue(text.contains("actual: LPIPS (linear layers)"), text);
    assertTrue(text.contains("0 of 5 marks"), text);
    assertEquals(320, inspection.parameters());
    assertEquals(2, inspection.toJson().get("tensors").size());
  }

  @Test
  void showsModelDirectories() throws IOException {
    Path model = folder.resolve("model");
    ModelDirectory.write(
        model,
        Checkpoint.generated(DitFiles.config(48, 1, 3), DitFiles.tensors(48, 1)),
        WriteOptions.defaults());
    Inspection inspection = Inspection.of(model, ImportOptions.defaults());
    assertTrue(inspection.importable());
    assertEquals("canbridge/2", inspection.format());
    assertEquals(22, inspection.keys().size());
    assertEquals(DitFiles.config(48, 1, 3).arguments(), inspection.known());
  }

  @Test
  void textAndJsonAreTheSameData() throws IOException {
    Inspection inspection = Inspection.of(write(DitFiles.tensors(48, 2)), ImportOptions.defaults());
    String text = inspection.toText();
    JsonNode json = Json.parse(Json.pretty(inspection.toJson()).getBytes(StandardCharsets.UTF_8));
    assertEquals(Json.pretty(inspection.toJson()), Json.pretty(json));
    json.get("tensors")
        .forEach(tensor -> assertTrue(text.contains(tensor.get("name").textValue())));
    json.get("config")
        .properties()
        .forEach(
            argument ->
                assertTrue(line(text, argument.getKey()).endsWith(argument.getValue().toString())));
    assertEquals(inspection.keys().size(), json.get("tensors").size());
  }
}
