package org.canbridge.runtime.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanMethod;
import org.canbridge.runtime.can.CanPlan;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanRewriter;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.family.dit.Dit;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Role;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GeneratorSplitTest {
  private static final CanPlan PAPER = CanPlan.paper(CanTarget.PAPER, CanCondition.ALL);
  private static final int BATCH = 4;
  private final Graph dit = Dit.graph(new DitConfig(8, 2, 4, 48, 2, 3, 100, 10, true, 256));

  /** The forms of generators that are linear in the condition. */
  enum Form {
    /** Of the condition itself. */
    WIDE,
    /** Of a projection of it, which has constants. */
    NARROW,
    /** Of low rank, where that is less than full. */
    LOW_RANK;

    CanPlan plan() {
      return switch (this) {
        case WIDE -> PAPER;
        case NARROW -> PAPER.withGeneratorWidth(5);
        case LOW_RANK -> PAPER.withGeneratorWidth(5).withRank(2);
      };
    }
  }

  @ParameterizedTest
  @EnumSource
  void thePartsAddUpToTheWhole(Form form) {
    Graph can = can(form.plan());
    GeneratorSplit split = GeneratorSplit.of(can).orElseThrow();
    List<Node> generated = can.withRole(Role.GENERATED);
    assertEquals(generated, split.graph().withRole(Role.GENERATED));
    assertEquals(can.parameters(), split.graph().parameters(), "one list of weights serves both");
    for (int i = 0; i < generated.size(); i++) {
      double[] whole = value(can, generated.get(i));
      double[] time = value(split.graph(), split.byTime().get(i));
      double[] label = value(split.graph(), split.byLabel().get(i));
      double[] sum = new double[whole.length];
      double largest = 0;
      for (int k = 0; k < sum.length; k++) {
        sum[k] = time[k] + label[k];
        largest = Math.max(largest, Math.abs(label[k]));
      }
      assertArrayEquals(whole, sum, 1e-13);
      assertTrue(largest > 1e-3, "a part of nothing proves nothing");
    }
  }

  @Test
  void otherGeneratorsAreNotSplit() {
    assertTrue(GeneratorSplit.of(dit).isPresent(), "there is nothing that could not be split");
    assertFalse(GeneratorSplit.of(can(PAPER.with(CanMethod.SELECT))).isPresent());
    for (CanCondition one : List.of(CanCondition.TIME, CanCondition.CLASS)) {
      assertFalse(GeneratorSplit.of(can(CanPlan.paper(CanTarget.PAPER, one))).isPresent());
    }
  }

  /** What a sampling run asks for: one timestep after the other, always with the same labels. */
  @Test
  void aSamplingRunGeneratesOneRowForEachStep() {
    Graph can = can(PAPER);
    Map<String, TensorData> tensors = new RandomTensors(3).weights(can);
    try (NDManager manager = TorchEngine.newManager(TorchDevice.usual());
        SharedGeneration shared =
            SharedGeneration.of(can, Arithmetic.here(Target.F32)).orElseThrow()) {
      NDList weights = Weights.load(manager, can, tensors, DType.F32).arrays();
      long[] different = {1, 2, 3, 4};
      assertEquals(
          Optional.empty(), call(shared, manager, weights, 900, different), "nothing known");
      SharedGeneration.Batch second = call(shared, manager, weights, 800, different).orElseThrow();
      assertEquals(List.of(0L, 1L, 2L, 3L), second.index());
      assertTrue(
          second.rows().stream().allMatch(NDArray::isReleased), "sums belong to the call alone");

      long[] guided = {1, 2, 10, 10};
      SharedGeneration.Batch third = call(shared, manager, weights, 700, guided).orElseThrow();
      assertEquals(List.of(0L, 1L, 2L, 2L), third.index());
      assertTrue(
          third.rows().stream().noneMatch(NDArray::isReleased),
          "labels that are new may not come again: whole weights, once for each condition");
      SharedGeneration.Batch fourth = call(shared, manager, weights, 600, guided).orElseThrow();
      assertEquals(List.of(0L, 1L, 2L, 2L), fourth.index());
      assertTrue(fourth.rows().stream().allMatch(NDArray::isReleased));
      assertTrue(third.rows().stream().allMatch(NDArray::isReleased), "nothing is kept for nobody");
    }
  }

  private static Optional<SharedGeneration.Batch> call(
      SharedGeneration shared, NDManager manager, NDList weights, float t, long... labels) {
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    inputs.put("x", MemoryTensor.of(new float[BATCH * 4 * 8 * 8], BATCH, 4, 8, 8));
    inputs.put("t", MemoryTensor.of(new float[] {t, t, t, t}, BATCH));
    inputs.put("y", MemoryTensor.of(labels, BATCH));
    try (NDManager scope = manager.newSubManager()) {
      return shared.of(manager, scope, inputs, BATCH, weights);
    }
  }

  private Graph can(CanPlan plan) {
    return CanRewriter.rewrite(dit, CanPreset.spec(dit, plan));
  }

  private static double[] value(Graph graph, Node node) {
    Map<String, TensorData> weights = new RandomTensors(3).weights(graph);
    try (NDManager manager = TorchEngine.newManager(TorchDevice.usual());
        Program program = Program.compile(graph, List.of(node), Target.F64)) {
      NDList inputs =
          new NDList(
              manager.create(0.),
              manager.create(new double[] {900, 7, 0}),
              manager.create(new long[] {3, 10, 0}));
      return program
          .forward(inputs, Weights.load(manager, graph, weights, DType.F64).arrays())
          .get(0)
          .toDoubleArray();
    }
  }
}
