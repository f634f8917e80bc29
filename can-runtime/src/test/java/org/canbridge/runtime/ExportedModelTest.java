package org.canbridge.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.family.ObjectiveSettings;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.engine.EngineName;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.runtime.objective.Respacing;
import org.canbridge.runtime.onnx.OnnxLowering;
import org.canbridge.runtime.onnx.OnnxOptions;
import org.canbridge.tensors.files.InputFileException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExportedModelTest {
  private static final Target TARGET = Target.F32.on(EngineName.ONNXRUNTIME);
  private static final SamplingSettings SETTINGS =
      SamplingSettings.of(SolverName.UNIPC, Respacing.even(5)).withGuidance(2);

  @TempDir private Path folder;

  private final Model model =
      Model.open(
          Fixtures.of("dit-fmnist").resolve("checkpoint.pt"),
          ImportOptions.defaults().withHeads(4));

  @AfterEach
  void close() {
    model.close();
  }

  private Map<String, String> metadata() {
    Map<String, String> metadata = new HashMap<>();
    metadata.put("architecture", "dit");
    metadata.put("objective", model.objective().orElseThrow().toJson().toString());
    metadata.put("provenance", "{\"objective\": \"assumed\"}");
    return metadata;
  }

  private Path written(Graph graph, Map<String, String> metadata) throws IOException {
    return Files.write(
        folder.resolve("model.onnx"),
        OnnxLowering.of(graph, List.of("output"), OnnxOptions.defaults())
            .model(
                weight -> weight.inside(model.checkpoint().tensors().get(weight.name())), metadata)
            .toByteArray());
  }

  private Optional<ExportedModel> open(Path path, ImportOptions options) {
    return ExportedModel.open(path, options, TARGET);
  }

  @Test
  void whatIsDrawnIsWhatTheModelDraws() throws IOException {
    written(model.graph(), metadata());
    double[] expected;
    try (Session session = model.session(Target.F32)) {
      expected = ModelSampler.of(model, session).draw(SETTINGS, 3, 8).values();
    }
    for (Path path : List.of(folder, folder.resolve("model.onnx"))) {
      try (ExportedModel exported = open(path, ImportOptions.defaults()).orElseThrow()) {
        assertArrayEquals(
            expected, ModelSampler.of(exported.sampled()).draw(SETTINGS, 3, 8).values(), 1e-4);
        assertEquals(model.assumption(), exported.assumption());
      }
    }
  }

  @Test
  void anObjectiveMayBeSaid() throws IOException {
    written(model.graph(), metadata());
    ImportOptions told =
        ImportOptions.defaults().withObjective(ObjectiveSettings.parse("guidance.scale=7"));
    try (ExportedModel exported = open(folder, told).orElseThrow()) {
      assertEquals(7, exported.sampled().diffusion().usualGuidance().scale());
      assertEquals(Optional.empty(), exported.assumption());
    }
  }

  @Test
  void nothingElseIsAnExport() throws IOException {
    assertEquals(Optional.empty(), open(folder, ImportOptions.defaults()));
    Path file = written(model.graph(), Map.of());
    assertEquals(Optional.empty(), open(file, ImportOptions.defaults()));
    written(model.graph(), metadata());
    assertEquals(
        Optional.empty(), ExportedModel.open(folder, ImportOptions.defaults(), Target.F32));
  }

  private String refused(Graph graph, Map<String, String> metadata, ImportOptions options)
      throws IOException {
    Path file = written(graph, metadata);
    return assertThrows(IllegalArgumentException.class, () -> open(file, options)).getMessage();
  }

  @Test
  void whatCannotBeDrawnFromIsRefused() throws IOException {
    assertEquals(
        folder.resolve("model.onnx")
            + " runs as it was exported; of the options that say what a file of weights cannot tell"
            + " only --objective goes with it",
        refused(model.graph(), metadata(), ImportOptions.defaults().withHeads(4)));
    Map<String, String> encoder = metadata();
    encoder.remove("objective");
    assertEquals(
        "no images are drawn from dit", refused(model.graph(), encoder, ImportOptions.defaults()));
    GraphBuilder g = GraphBuilder.extending(model.graph());
    g.input("scale", Kind.FLOAT, Shape.of(1));
    assertEquals(
        "images are drawn from networks of x, t and y or context, not of scale, t, x, y; what was"
            + " exported with --guided guides by itself",
        refused(g.build(), metadata(), ImportOptions.defaults()));
  }

  @Test
  void anObjectiveThatIsNoneIsRefused() throws IOException {
    Map<String, String> metadata = metadata();
    metadata.put("objective", "[]");
    Path file = written(model.graph(), metadata);
    assertEquals(
        "the model does not say what it was trained for\n"
            + "  expected: the metadata that export --format onnx writes\n"
            + "  actual: no JSON object: []\n"
            + "  file: "
            + file
            + "\n  key: objective\n"
            + "  next: export the model again",
        assertThrows(InputFileException.class, () -> open(file, ImportOptions.defaults()))
            .getMessage());
  }
}
