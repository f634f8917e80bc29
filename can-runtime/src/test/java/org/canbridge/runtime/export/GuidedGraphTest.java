package org.canbridge.runtime.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GuidedGraphTest {
  /** What DiT's and SiT's forward_with_cfg does. */
  private static final ObjectNode FIRST_THREE =
      new ObjectMapper().createObjectNode().put("guidance.channels", "first-three");

  /** The guided outputs that the authors' code gave. */
  @ParameterizedTest
  @CsvSource({
    "dit-tiny, checkpoint.pt, 'x, t, y, scale'",
    "dit-tiny-nosigma-p4, checkpoint.pt, 'x, t, y, scale'",
    "sit-tiny, checkpoint.pt, 'x, t, y, scale'",
    "uvit-tiny, nnet_ema.pth, 'x, t, y, scale'",
    "uvit-t2i-tiny, nnet_ema.pth, 'x, t, context, null_context, scale'"
  })
  void guidesAsTheAuthorsDo(String name, String file, String names) throws IOException {
    Path folder = Fixtures.of(name);
    JsonNode about = new ObjectMapper().readTree(folder.resolve("reference.json").toFile());
    ImportOptions options =
        ImportOptions.defaults()
            .withArguments((ObjectNode) about.get("config"), "reference.json")
            .withFamily(about.get("family").asText(), "reference.json");
    try (Model model = Model.open(folder.resolve(file), options);
        SafetensorsFile bundle = SafetensorsFile.open(folder.resolve("reference.safetensors"))) {
      Objective objective = model.objective().orElseThrow();
      if (!about.get("family").asText().equals("uvit")) {
        objective = objective.with(FIRST_THREE);
      }
      Graph guided = GuidedGraph.of(model.graph(), objective);
      assertEquals(names, String.join(", ", guided.inputs().stream().map(Op.Input::name).toList()));
      float scale = (float) about.get("cfg_scale").asDouble();
      Map<String, TensorData> inputs = inputs(guided, bundle.tensors(), scale);
      try (Session session = Session.open(guided, model.checkpoint().tensors(), Target.F32)) {
        float[] actual = Tensors.floats(session.run(inputs, List.of("output")).get("output"));
        float[] expected = Tensors.floats(bundle.tensors().get("output.cfg"));
        // Of DiT's and SiT's rows, the conditional half: the other one repeats it.
        assertArrayEquals(Arrays.copyOf(expected, actual.length), actual, 5e-5f);
      }
    }
  }

  private static Map<String, TensorData> inputs(
      Graph graph, Map<String, TensorData> bundle, float scale) {
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    for (Op.Input input : graph.inputs()) {
      TensorData own = bundle.get("input." + input.name());
      TensorData guided = bundle.get("input.cfg_" + input.name());
      inputs.put(
          input.name(),
          switch (input.name()) {
            case "scale" -> MemoryTensor.of(new float[] {scale}, 1);
            case "null_context" -> repeated(bundle.get("input.empty_context"));
            default -> guided == null ? own : firstThree(guided);
          });
    }
    return inputs;
  }

  private static TensorData firstThree(TensorData tensor) {
    long[] shape = tensor.type().shape().stream().mapToLong(Long::longValue).toArray();
    int rows = (int) shape[0];
    shape[0] = 3;
    if (tensor.type().dtype().isFloating()) {
      float[] values = Tensors.floats(tensor);
      return MemoryTensor.of(Arrays.copyOf(values, values.length / rows * 3), shape);
    }
    return MemoryTensor.of(Arrays.copyOf(Tensors.longs(tensor), 3), shape);
  }

  private static TensorData repeated(TensorData text) {
    float[] one = Tensors.floats(text);
    float[] all = new float[3 * one.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = one[i % one.length];
    }
    List<Long> shape = text.type().shape();
    return MemoryTensor.of(all, 3, shape.get(0), shape.get(1));
  }

  @Test
  void whatHasNoNullClassIsNotGuided() {
    ObjectNode none = new ObjectMapper().createObjectNode().putNull("null_class");
    try (Model model =
        Model.open(
            Fixtures.of("dit-tiny").resolve("checkpoint.pt"),
            ImportOptions.defaults().withHeads(3))) {
      assertEquals(
          "there is no null class, so there is nothing to guide this network away from",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> GuidedGraph.of(model.graph(), model.objective().orElseThrow().with(none)))
              .getMessage());
    }
  }
}
