package org.canbridge.runtime.lifting;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.family.ObjectiveSettings;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.safetensors.SafetensorsFile;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks read from their ONNX graphs compute what PyTorch computed. */
final class GraphParityTest {
  /** Of the digits 4e-7 was measured; of DiT, whose timesteps go up to 1000, 4e-6. */
  private static final double TOLERANCE = 2e-5;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "graph-digits-vit",
        "graph-digits-conv",
        "graph-tokens",
        "graph-tokens-fixed",
        "graph-vit-fixed",
        "graph-unet",
        "graph-unet-fixed",
        "onnx-dit-tiny",
        "onnx-dit-tiny-external",
        "onnx-dit-tiny-legacy",
        "onnx-dit-tiny-legacy-folded"
      })
  void equalsPytorch(String name) {
    Path folder = Fixtures.of(name);
    ObjectNode objective = ObjectiveSettings.parse("vp-discrete,prediction=eps,null_class=none");
    ImportOptions options =
        ImportOptions.defaults().withFamily("graph", "--family").withObjective(objective);
    try (Model model = Model.open(folder.resolve("model.onnx"), options);
        TensorFile reference = SafetensorsFile.open(folder.resolve("reference.safetensors"));
        Session session = model.session(Target.F32)) {
      Map<String, TensorData> inputs = new LinkedHashMap<>();
      reference
          .tensors()
          .forEach(
              (key, tensor) -> {
                if (key.startsWith("input.")) {
                  inputs.put(key.substring("input.".length()), tensor);
                }
              });
      float[] actual = Tensors.floats(session.run(inputs, List.of("output")).get("output"));
      TensorData recorded =
          reference.tensors().getOrDefault("output.torch", reference.tensors().get("output"));
      float[] expected = Tensors.floats(recorded);
      assertEquals(expected.length, actual.length);
      double largest = 0;
      for (int i = 0; i < actual.length; i++) {
        largest =
            Math.max(largest, Math.abs(actual[i] - expected[i]) / (1 + Math.abs(expected[i])));
      }
      assertEquals(0, largest, TOLERANCE, name);
    }
  }
}
