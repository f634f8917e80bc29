package org.canbridge.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanMethod;
import org.canbridge.runtime.can.CanPlan;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.Control;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CanBakingTest {
  private static final Map<String, TensorData> CONDITION =
      Map.of("t", MemoryTensor.of(new float[] {417}, 1), "y", MemoryTensor.of(new long[] {3}, 1));

  @TempDir private Path folder;

  static Stream<CanPlan> plans() {
    CanPlan plan = CanPlan.paper(CanTarget.PAPER, CanCondition.ALL);
    return Stream.of(
        plan,
        plan.with(Control.CAN_ONLY),
        plan.with(CanMethod.SELECT),
        CanPlan.paper(List.of(CanTarget.values()), CanCondition.TIME).withRank(5));
  }

  @ParameterizedTest
  @MethodSource("plans")
  void theFrozenModelComputesTheSameAtItsConditionAndIsReadBack(CanPlan plan) throws IOException {
    Path trained = trained(plan);
    Path frozen = folder.resolve("frozen");
    try (Model model = Model.open(trained, ImportOptions.defaults())) {
      CanBaking baking = CanBaking.bake(model, CONDITION, 5, Target.F32);
      assertTrue(baking.check().holds(), baking::toString);
      ModelDirectory.write(frozen, baking.checkpoint(), WriteOptions.defaults());
    }
    try (Model model = Model.open(trained, ImportOptions.defaults());
        Model plain = Model.open(frozen, ImportOptions.defaults())) {
      assertTrue(plain.can().orElseThrow().generators().isEmpty());
      assertTrue(
          plain.checkpoint().tensors().keySet().stream()
              .noneMatch(name -> name.startsWith("can.")));
      Map<String, TensorData> inputs = inputs(model, CONDITION);
      assertTrue(distance(model, plain, inputs) < 1e-4);
      assertEquals(
          "this model has no generators; only a condition-aware one can be frozen",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> CanBaking.bake(plain, CONDITION, 5, Target.F32))
              .getMessage());
    }
  }

  @Test
  void frozenByClassItHoldsForEveryTimestepAndForNoOtherClass() throws IOException {
    Path trained = trained(CanPlan.paper(CanTarget.PAPER, CanCondition.CLASS));
    Path frozen = folder.resolve("frozen");
    try (Model model = Model.open(trained, ImportOptions.defaults())) {
      CanBaking baking = CanBaking.bake(model, CONDITION, 5, Target.F32);
      ModelDirectory.write(frozen, baking.checkpoint(), WriteOptions.defaults());
    }
    try (Model model = Model.open(trained, ImportOptions.defaults());
        Model plain = Model.open(frozen, ImportOptions.defaults())) {
      for (float t : new float[] {0, 250, 999}) {
        Map<String, TensorData> condition = new LinkedHashMap<>(CONDITION);
        condition.put("t", MemoryTensor.of(new float[] {t}, 1));
        assertTrue(distance(model, plain, inputs(model, condition)) < 1e-4);
        condition.put("y", MemoryTensor.of(new long[] {4}, 1));
        assertFalse(distance(model, plain, inputs(model, condition)) < 1e-3);
      }
    }
  }

  /** A converted model whose added weights are no longer what they started as. */
  private Path trained(CanPlan plan) throws IOException {
    Path directory = folder.resolve("trained");
    try (Model model =
        Model.open(
            Fixtures.of("dit-tiny").resolve("checkpoint.pt"),
            ImportOptions.defaults().withHeads(3))) {
      CanConversion conversion =
          CanConversion.convert(model, CanConversion.estimate(model, plan).spec(), 1, Target.F32);
      Map<String, TensorData> tensors = new LinkedHashMap<>(conversion.checkpoint().tensors());
      RandomTensors random = new RandomTensors(4);
      tensors.replaceAll(
          (name, tensor) ->
              name.startsWith("can.")
                  ? random.normal(
                      0.05, tensor.type().shape().stream().mapToLong(Long::longValue).toArray())
                  : tensor);
      ModelDirectory.write(
          directory, conversion.checkpoint().withTensors(tensors), WriteOptions.defaults());
    }
    return directory;
  }

  private static Map<String, TensorData> inputs(Model model, Map<String, TensorData> condition) {
    Map<String, TensorData> inputs = RandomInputs.of(model.graph(), model.objective(), 1, 8);
    inputs.putAll(condition);
    return inputs;
  }

  private static double distance(Model model, Model plain, Map<String, TensorData> inputs) {
    float[] expected = output(model, inputs);
    float[] actual = output(plain, inputs);
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i] - actual[i]));
    }
    return largest;
  }

  private static float[] output(Model model, Map<String, TensorData> inputs) {
    try (Session session = model.session(Target.F32)) {
      return Tensors.floats(session.run(inputs, List.of("output")).get("output"));
    }
  }
}
