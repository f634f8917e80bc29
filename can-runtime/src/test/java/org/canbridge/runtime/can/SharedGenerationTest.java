package org.canbridge.runtime.can;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.uvit.UvitCondition;
import org.canbridge.importers.uvit.UvitConfig;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.Control;
import org.canbridge.runtime.family.uvit.Uvit;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Calls one after the other on one session, as samplers and others make them, with equal and
 * repeated conditions in every combination, against networks that know of no other sample.
 */
class SharedGenerationTest {
  private static final int BATCH = 4;

  /** Timesteps and labels of one call after the other; the comments say what can be shared. */
  private static final List<Map.Entry<float[], long[]>> CALLS =
      List.of(
          Map.entry(new float[] {7, 7, 7, 7}, new long[] {2, 5, 2, 5}), // equal conditions
          Map.entry(new float[] {9, 9, 9, 9}, new long[] {2, 5, 2, 5}), // the labels of before
          Map.entry(new float[] {8, 8, 8, 8}, new long[] {2, 5, 2, 5}),
          Map.entry(new float[] {8, 8, 8, 8}, new long[] {2, 5, 2, 5}), // everything
          Map.entry(new float[] {8, 8, 8, 8}, new long[] {2, 2, 5, 5}), // in another order
          Map.entry(new float[] {8, 8, 8, 8}, new long[] {5, 5, 2, 2}),
          Map.entry(new float[] {1, 2, 3, 4}, new long[] {5, 6, 7, 8}), // nothing
          Map.entry(new float[] {1, 2, 3, 4}, new long[] {5, 6, 7, 8}), // everything
          Map.entry(new float[] {6, 6, 6, 6}, new long[] {5, 6, 7, 8}), // the labels
          Map.entry(new float[] {1, 1, 2, 2}, new long[] {5, 6, 7, 8}), // not one timestep
          Map.entry(new float[] {4, 2, 4, 4}, new long[] {5, 5, 5, 8}),
          Map.entry(new float[] {4, 4, 4, 4}, new long[] {1, 1, 1, 1}), // one row for all
          Map.entry(new float[] {3, 3, 3, 3}, new long[] {1, 1, 1, 1}));

  /** One step after the other, then the labels in another order. */
  private static final List<Map.Entry<float[], long[]>> STEPS =
      List.of(CALLS.get(0), CALLS.get(1), CALLS.get(2), CALLS.get(4));

  @ParameterizedTest
  @EnumSource(CanCondition.class)
  void callsOfEveryConditionEqualTheNaiveLoop(CanCondition condition) {
    compare(TinyNetworks.DIT, CanPlan.paper(CanTarget.PAPER, condition), CALLS);
  }

  @ParameterizedTest
  @EnumSource(names = {"GENERATE", "SELECT"})
  void callsOfEveryMethodEqualTheNaiveLoop(CanMethod method) {
    compare(TinyNetworks.DIT, CanPlan.paper(CanTarget.PAPER, CanCondition.ALL).with(method), STEPS);
  }

  @ParameterizedTest
  @CsvSource({"DIT, CAN_ONLY", "UVIT, KEEP", "UVIT, CAN_ONLY", "EFFICIENTVIT, KEEP", "CAT, KEEP"})
  void callsOfEveryFamilyEqualTheNaiveLoop(TinyNetworks network, Control control) {
    CanPlan plan = network.plan(List.of(CanTarget.values()), CanCondition.ALL).with(control);
    compare(network, plan.withGeneratorWidth(7), STEPS);
    compare(network, plan.withRank(3), STEPS);
  }

  private static void compare(
      TinyNetworks network, CanPlan plan, List<Map.Entry<float[], long[]>> calls) {
    Graph base = network.graph(plan.control());
    CanSpec spec = CanPreset.spec(base, plan);
    Graph can = CanRewriter.rewrite(base, spec);
    Map<String, TensorData> weights = TinyNetworks.weights(can, 11);
    RandomTensors random = new RandomTensors(5);
    try (CanOracle oracle = new CanOracle(base, can, spec, weights);
        CompiledNetwork unshared = new CompiledNetwork(can, "output", Precision.F32);
        Session exact = Session.open(can, weights, Target.F64);
        Session single = Session.open(can, weights, Target.F32)) {
      for (Map.Entry<float[], long[]> call : calls) {
        Map<String, TensorData> inputs = batch(random, can, call);
        double[] naive = oracle.output(inputs, BATCH);
        assertError(naive, output(exact, inputs), 1e-12);
        // Some networks round by more than that for some inputs, whoever generates the weights.
        double usual = CanOracle.relativeError(naive, unshared.run(weights, inputs));
        assertError(naive, output(single, inputs), Math.max(1e-6, 1.25 * usual));
      }
    }
  }

  @Test
  void textsAreShared() {
    UvitCondition text = new UvitCondition.Text(7, 6);
    Graph base = Uvit.graph(new UvitConfig(8, 2, 3, 24, 2, 3, 96, false, false, text, true, true));
    Graph can =
        CanRewriter.rewrite(
            base, CanPreset.paper(base, List.of(CanTarget.values()), CanCondition.ALL));
    Map<String, TensorData> weights = TinyNetworks.weights(can, 11);
    RandomTensors random = new RandomTensors(5);
    Map<String, TensorData> texts = random.inputs(can, BATCH, 1);
    try (Session together = Session.open(can, weights, Target.F64);
        Session alone = Session.open(can, weights, Target.F64)) {
      for (float timestep : new float[] {999, 500, 500, 3}) {
        Map<String, TensorData> inputs = random.inputs(can, BATCH, 1);
        inputs.put(
            "t", MemoryTensor.of(new float[] {timestep, timestep, timestep, timestep}, BATCH));
        inputs.put("context", texts.get("context"));
        double[] shared = output(together, inputs);
        for (int sample = 0; sample < BATCH; sample++) {
          double[] expected = output(alone, sample(inputs, sample));
          double[] actual =
              Arrays.copyOfRange(shared, sample * expected.length, (sample + 1) * expected.length);
          assertError(expected, actual, 1e-12);
        }
      }
    }
  }

  /**
   * In bfloat16, what the split adds up was rounded twice. What counts is how far the output is
   * from the exact one: no further than that of a program that generates everything for every
   * sample.
   */
  @ParameterizedTest
  @EnumSource(names = {"DIT", "UVIT"})
  void bfloat16LosesNothingBySharing(TinyNetworks network) {
    Graph base = network.graph(Control.KEEP);
    Graph can = CanRewriter.rewrite(base, CanPreset.paper(base, CanTarget.PAPER, CanCondition.ALL));
    Map<String, TensorData> weights = TinyNetworks.weights(can, 11);
    RandomTensors random = new RandomTensors(5);
    try (CompiledNetwork unshared = new CompiledNetwork(can, "output", Precision.BF16);
        Session exact = Session.open(can, weights, Target.F64);
        Session shared = Session.open(can, weights, Target.BF16)) {
      for (Map.Entry<float[], long[]> call : CALLS) {
        Map<String, TensorData> inputs = batch(random, can, call);
        double[] expected = output(exact, inputs);
        double usual = CanOracle.relativeError(expected, unshared.run(weights, inputs));
        double error = CanOracle.relativeError(expected, output(shared, inputs));
        assertTrue(error < 1.25 * usual, () -> "relative error " + error + ", unshared " + usual);
      }
    }
  }

  private static Map<String, TensorData> batch(
      RandomTensors random, Graph can, Map.Entry<float[], long[]> condition) {
    Map<String, TensorData> inputs =
        new LinkedHashMap<>(random.inputs(can, BATCH, TinyNetworks.CLASSES));
    inputs.put("t", MemoryTensor.of(condition.getKey(), BATCH));
    inputs.put("y", MemoryTensor.of(condition.getValue(), BATCH));
    return inputs;
  }

  private static Map<String, TensorData> sample(Map<String, TensorData> inputs, int sample) {
    Map<String, TensorData> one = new LinkedHashMap<>();
    inputs.forEach(
        (name, tensor) -> {
          long[] shape = tensor.type().shape().stream().mapToLong(Long::longValue).toArray();
          shape[0] = 1;
          int bytes = Math.toIntExact(tensor.type().bytes() / BATCH);
          TensorType type = TensorType.of(tensor.type().dtype(), shape);
          one.put(name, MemoryTensor.of(type, tensor.bytes((long) sample * bytes, bytes)));
        });
    return one;
  }

  private static double[] output(Session session, Map<String, TensorData> inputs) {
    return Tensors.doubles(session.run(inputs, List.of("output")).get("output"));
  }

  private static void assertError(double[] expected, double[] actual, double limit) {
    double error = CanOracle.relativeError(expected, actual);
    assertTrue(error < limit, () -> "relative error " + error);
  }
}
