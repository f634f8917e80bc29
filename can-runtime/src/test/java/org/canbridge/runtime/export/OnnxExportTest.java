package org.canbridge.runtime.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.RuntimeFamilies;
import org.canbridge.runtime.graph.Initializer;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.onnx.OnnxFile;
import org.canbridge.tensors.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OnnxExportTest {
  /** Its feed-forward weights are 1.5 times as large as what goes inside. */
  private static final DitConfig WIDE = new DitConfig(8, 4, 4, 320, 1, 5, 1280, 10, true, 64);

  @TempDir Path folder;

  private static Model generated(DitConfig config) {
    return Model.generated(
        Checkpoint.generated(
            config, Initializer.draw(RuntimeFamilies.of(config).graph().parameters(), 1)));
  }

  private static Model tiny() {
    return Model.open(
        Fixtures.of("dit-tiny").resolve("checkpoint.pt"), ImportOptions.defaults().withHeads(3));
  }

  private static Export export(Model model, ExportOptions options) {
    return new OnnxExporter().prepare(model, options);
  }

  private static ModelProto proto(Path file) throws IOException {
    return ModelProto.parseFrom(Files.readAllBytes(file));
  }

  /** One file of weights serves the graph and the model directory. */
  @Test
  void largeWeightsAreBytesOfTheWeightsFile() throws IOException {
    Path out = folder.resolve("out");
    try (Model model = generated(WIDE)) {
      assertEquals(2, export(model, ExportOptions.defaults()).write(out).size());
    }
    int large = 0;
    try (SafetensorsFile weights = SafetensorsFile.open(out.resolve("model.safetensors"));
        Model again = Model.open(out, ImportOptions.defaults())) {
      assertEquals(WIDE, again.checkpoint().config());
      for (TensorProto weight : proto(out.resolve("model.onnx")).getGraph().getInitializerList()) {
        long bytes = weights.tensors().get(weight.getName()).type().bytes();
        Map<String, String> place =
            weight.getExternalDataList().stream()
                .collect(
                    Collectors.toMap(
                        StringStringEntryProto::getKey, StringStringEntryProto::getValue));
        assertEquals(bytes > 1 << 20, !place.isEmpty(), weight.getName());
        if (!place.isEmpty()) {
          large++;
          long offset = Long.parseLong(place.get("offset"));
          assertEquals("model.safetensors", place.get("location"));
          assertEquals(weights.position(weight.getName()), offset);
          assertEquals(Long.toString(bytes), place.get("length"));
          assertEquals(0, offset % Math.min(4096, Long.lowestOneBit(bytes)), weight.getName());
        }
      }
    }
    assertEquals(4, large);
  }

  /** What is in the file is what a reader of weights finds in it, names included. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void weightsAreReadBack(boolean inline) throws IOException {
    Path out = folder.resolve("out.onnx");
    try (Model model = generated(WIDE)) {
      ExportOptions options = ExportOptions.defaults();
      export(model, inline ? options.inlined() : options).write(out);
      try (OnnxFile file = OnnxFile.open(inline ? out : out.resolve("model.onnx"))) {
        Map<String, TensorData> expected = new TreeMap<>(model.checkpoint().tensors());
        assertEquals(expected.keySet(), new TreeMap<>(file.tensors()).keySet());
        expected.forEach(
            (name, tensor) ->
                assertTrue(Tensors.sameBytes(tensor, file.tensors().get(name)), name));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "F16", "BF16"})
  void weightsOfEveryTypeAreChecked(DType dtype) throws IOException {
    Path out = folder.resolve("out.onnx");
    try (Model model = tiny()) {
      ExportOptions options =
          ExportOptions.defaults().withDtype(dtype).inlined().withOpset(18).withGuidance();
      Export export = export(model, options);
      assertEquals("opset 18, 42 weights, " + dtype + ", inside", export.contents());
      for (ExportCheck check : export.write(out)) {
        assertTrue(check.difference().share() < (dtype == DType.F16 ? 1e-2 : 1e-5), "" + check);
      }
    }
    ModelProto written = proto(out);
    assertEquals(18, written.getOpsetImport(0).getVersion());
    assertEquals(8, written.getIrVersion());
  }

  @Test
  void theFileSaysWhatItIs() throws IOException {
    Path out = folder.resolve("out.onnx");
    try (Model model = tiny()) {
      export(model, ExportOptions.defaults().inlined()).write(out, () -> false);
      Map<String, String> said = said(out);
      assertEquals("dit", said.get("architecture"));
      assertEquals(model.objective().orElseThrow().toJson().toString(), said.get("objective"));
      assertEquals(model.checkpoint().provenance().toJson().toString(), said.get("provenance"));
      assertEquals(3, said.size());
    }
  }

  @Test
  void classNamesGoWithTheFile() throws IOException {
    Path out = folder.resolve("out.onnx");
    Checkpoint named =
        Checkpoint.generated(
                WIDE, Initializer.draw(RuntimeFamilies.of(WIDE).graph().parameters(), 1))
            .withClassNames(Map.of(3, List.of("coat"), 1, List.of("boot", "shoe")));
    export(Model.generated(named), ExportOptions.defaults().inlined()).write(out, () -> false);
    assertEquals("{\"1\":[\"boot\",\"shoe\"],\"3\":[\"coat\"]}", said(out).get("class_names"));
  }

  private static Map<String, String> said(Path file) throws IOException {
    return proto(file).getMetadataPropsList().stream()
        .collect(
            Collectors.toMap(StringStringEntryProto::getKey, StringStringEntryProto::getValue));
  }

  @Test
  void whatOneFileCannotHoldIsRefused() {
    DitConfig huge = new DitConfig(32, 2, 4, 1152, 28, 16, 4608, 1000, true, 256);
    try (Model model = Model.generated(Checkpoint.generated(huge, Map.of()))) {
      IllegalArgumentException refused =
          assertThrows(
              IllegalArgumentException.class,
              () -> export(model, ExportOptions.defaults().inlined()));
      assertEquals(
          "an ONNX file can hold 2 GiB, and the weights have 2700518528 bytes; without --inline they"
              + " lie beside it, with --dtype f16 or bf16 they have half as many",
          refused.getMessage());
    }
  }
}
