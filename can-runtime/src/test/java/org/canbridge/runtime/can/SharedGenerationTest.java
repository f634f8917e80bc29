package org.canbridge.runtime.can;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.format.MemoryTensor;
import org.canbridge.importers.format.TensorData;
import org.canbridge.importers.format.Tensors;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.network.Control;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Batches with equal conditions, and calls that repeat them, against the naive loop. */
class SharedGenerationTest {
  private static final int BATCH = 4;

  @ParameterizedTest
  @EnumSource(CanCondition.class)
  void equalConditionsShareTheirWeights(CanCondition condition) {
    Graph base = TinyNetworks.DIT.graph(Control.KEEP);
    CanSpec spec = CanPreset.spec(base, CanPlan.paper(CanTarget.PAPER, condition));
    Graph can = CanRewriter.rewrite(base, spec);
    Map<String, TensorData> weights = TinyNetworks.weights(can, 11);
    CanOracle oracle = new CanOracle(base, can, spec, weights);
    RandomTensors random = new RandomTensors(5);
    try (Session exact = Session.open(can, weights, Precision.F64);
        Session single = Session.open(can, weights, Precision.F32)) {
      for (Map<String, TensorData> inputs :
          List.of(
              batch(random, can, new float[] {7, 7, 7, 7}, new long[] {2, 5, 2, 5}),
              batch(random, can, new float[] {9, 9, 9, 9}, new long[] {2, 5, 2, 5}),
              batch(random, can, new float[] {9, 9, 9, 9}, new long[] {2, 5, 2, 5}),
              batch(random, can, new float[] {1, 2, 3, 4}, new long[] {5, 6, 7, 8}),
              batch(random, can, new float[] {1, 2, 3, 4}, new long[] {5, 6, 7, 8}),
              batch(random, can, new float[] {4, 2, 4, 4}, new long[] {5, 5, 5, 8}),
              batch(random, can, new float[] {4, 4, 4, 4}, new long[] {1, 1, 1, 1}))) {
        double[] naive = oracle.output(inputs, BATCH);
        assertError(naive, exact, inputs, 1e-12);
        assertError(naive, single, inputs, 1e-6);
      }
    }
  }

  private static Map<String, TensorData> batch(
      RandomTensors random, Graph can, float[] t, long[] y) {
    Map<String, TensorData> inputs =
        new LinkedHashMap<>(random.inputs(can, BATCH, TinyNetworks.CLASSES));
    inputs.put("t", MemoryTensor.of(t, BATCH));
    inputs.put("y", MemoryTensor.of(y, BATCH));
    return inputs;
  }

  private static void assertError(
      double[] expected, Session session, Map<String, TensorData> inputs, double limit) {
    double[] actual = Tensors.doubles(session.run(inputs, List.of("output")).get("output"));
    double error = CanOracle.relativeError(expected, actual);
    assertTrue(error < limit, () -> "relative error " + error);
  }
}
