package org.canbridge.runtime.family.efficientvit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.efficientvit.EfficientVitConfig;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.formats.TensorFiles;
import org.canbridge.tensors.safetensors.SafetensorsFile;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The outputs of the stages, of a classifier's file and of the backbone's alone. */
class EfficientVitBackboneTest {
  private static final int SIDE = 64;
  private static final double TOLERANCE = 5e-5;

  @TempDir private Path folder;

  /**
   * @param last module path of the last stage in the recorded activations
   */
  @ParameterizedTest
  @CsvSource({
    "efficientvit-b-tiny, efficientvit_b_tiny.pt, backbone., backbone.stages.3",
    "efficientvit-l-tiny, efficientvit_l_tiny.pt, backbone., backbone.stages.4",
    "efficientvit-timm-b-tiny, model.safetensors, '', stages.3",
    "efficientvit-timm-l-tiny, model.safetensors, '', stages.3"
  })
  void stagesAreOutputsByName(String name, String file, String prefix, String last)
      throws IOException {
    Path published = Fixtures.of(name).resolve(file);
    Path backbone = folder.resolve("backbone.safetensors");
    try (TensorFile whole = TensorFiles.open(published);
        SafetensorsFile reference =
            SafetensorsFile.open(Fixtures.of(name).resolve("reference.safetensors"))) {
      Map<String, TensorData> tensors = new LinkedHashMap<>();
      whole
          .tensors()
          .forEach(
              (key, tensor) -> {
                String bare = key.replace("state_dict.", "");
                if (!bare.startsWith("head.")) {
                  tensors.put(bare.substring(prefix.length()), tensor);
                }
              });
      SafetensorsWriter.write(backbone, tensors, Map.of());
      Map<String, TensorData> x = Map.of("x", reference.tensors().get("input.x"));
      double[] expected = Tensors.doubles(reference.tensors().get("activation." + last));
      for (Path path : List.of(published, backbone)) {
        try (Checkpoint checkpoint = Checkpoints.open(path)) {
          EfficientVitConfig config = (EfficientVitConfig) checkpoint.config();
          assertEquals(path.equals(published), config.head().isPresent());
          Graph graph = EfficientVit.graph(config.withHead(Optional.empty()), SIDE, SIDE);
          List<String> outputs = new ArrayList<>(graph.outputs().keySet());
          assertEquals(
              List.of("stage0", "stage1", "stage2", "stage3", "stage4", "stage_final"), outputs);
          assertClose(expected, run(graph, checkpoint, x).get("stage_final"));
          assertClose(expected, run(graph, checkpoint, x).get("stage4"));
          Map<String, TensorData> all = run(EfficientVit.graph(config, SIDE, SIDE), checkpoint, x);
          outputs.addAll(config.head().isPresent() ? List.of("output") : List.of());
          assertEquals(outputs, List.copyOf(all.keySet()));
          assertClose(expected, all.get("stage_final"));
          assertEquals(List.of(3L, 8L, 32L, 32L), all.get("stage0").type().shape());
        }
      }
    }
  }

  private static Map<String, TensorData> run(
      Graph graph, Checkpoint checkpoint, Map<String, TensorData> x) {
    try (Session session = Session.open(graph, checkpoint.tensors(), Target.F32)) {
      return session.run(x, List.copyOf(graph.outputs().keySet()));
    }
  }

  private static void assertClose(double[] expected, TensorData actual) {
    double[] values = Tensors.doubles(actual);
    assertEquals(expected.length, values.length);
    double largest = 0;
    for (int i = 0; i < values.length; i++) {
      largest = Math.max(largest, Math.abs(values[i] - expected[i]));
    }
    assertEquals(0, largest, TOLERANCE);
  }
}
