package org.canbridge.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.ModelProblem;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPlan;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanSpec;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.InputFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConversionTest {
  @TempDir private Path folder;

  private static Model tiny() {
    return Model.open(
        Fixtures.of("dit-tiny").resolve("checkpoint.pt"), ImportOptions.defaults().withHeads(3));
  }

  private static CanSpec paper(Model model) {
    return CanPreset.paper(model.source(), CanTarget.PAPER, CanCondition.ALL);
  }

  @Test
  void convertedModelIsWrittenReadBackAndComputesTheSame() throws IOException {
    Path directory = folder.resolve("can");
    Map<String, TensorData> inputs;
    float[] expected;
    try (Model model = tiny()) {
      CanConversion conversion = CanConversion.convert(model, paper(model), 4, Target.F32);
      assertTrue(conversion.passed());
      assertTrue(
          conversion.check().deviation() > 0.1, "random inputs give an output worth comparing");
      assertEquals(
          7,
          conversion.changes().size(),
          "patch embedding, three inserted convolutions, three projections");
      assertEquals(149_648, conversion.before().parameters());
      assertTrue(conversion.after().parameters() > 149_648);
      ModelDirectory.write(directory, conversion.checkpoint(), WriteOptions.defaults());
      inputs = RandomInputs.of(model.graph(), model.objective(), 2, 9);
      expected = output(model, inputs);
    }
    try (Model model = Model.open(directory, ImportOptions.defaults())) {
      assertTrue(model.can().isPresent());
      assertArrayEquals(expected, output(model, inputs), 1e-5f);
    }
  }

  @Test
  void sameSeedGivesTheSameModelAndAnotherSeedAnotherOne() {
    try (Model model = tiny()) {
      CanPlan narrow =
          CanPlan.paper(List.of(CanTarget.PATCH_EMBED), CanCondition.ALL).withGeneratorWidth(8);
      CanSpec spec = CanPreset.spec(model.source(), narrow);
      String projection = "can.project.8.weight";
      float[] first =
          Tensors.floats(
              CanConversion.convert(model, spec, 4, Target.F32)
                  .checkpoint()
                  .tensors()
                  .get(projection));
      float[] again =
          Tensors.floats(
              CanConversion.convert(model, spec, 4, Target.F32)
                  .checkpoint()
                  .tensors()
                  .get(projection));
      float[] other =
          Tensors.floats(
              CanConversion.convert(model, spec, 5, Target.F32)
                  .checkpoint()
                  .tensors()
                  .get(projection));
      assertArrayEquals(first, again);
      assertFalse(Arrays.equals(first, other));
    }
  }

  @Test
  void convertingTwiceIsRefused() throws IOException {
    Path directory = written(can -> {}, Map.of());
    try (Model model = Model.open(directory, ImportOptions.defaults())) {
      assertEquals(
          "this model is condition-aware already; convert the model that it was made from",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> CanConversion.convert(model, paper(model), 0, Target.F32))
              .getMessage());
    }
  }

  @Test
  void wrongTensorsOfTheAddedPartAreReportedTogether() throws IOException {
    Map<String, TensorData> wrong = new LinkedHashMap<>();
    wrong.put("can.x_embedder.proj.weight", MemoryTensor.of(new float[3], 3));
    wrong.put("can.nowhere.weight", MemoryTensor.of(new float[1], 1));
    Path directory = written(can -> {}, wrong);
    InputFileException e =
        assertThrows(
            InputFileException.class, () -> Model.open(directory, ImportOptions.defaults()));
    assertEquals(ModelProblem.KEY_MISMATCH, e.problem());
    assertTrue(
        e.getMessage()
            .contains(
                "can.x_embedder.proj.weight must be [816, 48], is [3]; can.nowhere.weight belongs"
                    + " to no layer"),
        e.getMessage());
  }

  @Test
  void brokenCanSectionIsNamed() throws IOException {
    Path directory = written(can -> can.put("condition", "weather"), Map.of());
    InputFileException e =
        assertThrows(
            InputFileException.class, () -> Model.open(directory, ImportOptions.defaults()));
    assertEquals(ModelProblem.CONFIG_FIELD, e.problem());
    assertTrue(
        e.getMessage().contains("unknown condition 'weather'; conditions are time, class, all"),
        e.getMessage());
  }

  /** A converted model with a changed section and changed tensors. */
  private Path written(Consumer<ObjectNode> change, Map<String, TensorData> replaced)
      throws IOException {
    Path directory = folder.resolve("written");
    try (Model model = tiny()) {
      Checkpoint converted = CanConversion.convert(model, paper(model), 0, Target.F32).checkpoint();
      ObjectNode can = converted.can().orElseThrow();
      change.accept(can);
      Map<String, TensorData> tensors = new LinkedHashMap<>(converted.tensors());
      tensors.putAll(replaced);
      ModelDirectory.write(
          directory, model.checkpoint().withCan(can, tensors), WriteOptions.defaults());
    }
    return directory;
  }

  private static float[] output(Model model, Map<String, TensorData> inputs) {
    try (Session session = model.session(Target.F32)) {
      return Tensors.floats(session.run(inputs, List.of("output")).get("output"));
    }
  }
}
