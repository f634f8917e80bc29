package org.canbridge.runtime.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.graph.AttentionOp;
import org.canbridge.runtime.graph.CostModel;
import org.canbridge.runtime.graph.ElementwiseOp.Pointwise.Function;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The operations that EfficientViT brought, each on its own against plain Java. */
class EfficientVitOperationsTest {
  private static final int BATCH = 2;
  private static final int HEADS = 3;
  private static final int TOKENS = 5;
  private static final int KEYS = 4;
  private static final int VALUES = 2;
  private static final double EPS = 1e-15;

  private static Graph attention() {
    GraphBuilder g = new GraphBuilder();
    Node q = g.input("q", Kind.FLOAT, Shape.batched(HEADS, TOKENS, KEYS));
    Node k = g.input("k", Kind.FLOAT, Shape.batched(HEADS, TOKENS, KEYS));
    Node v = g.input("v", Kind.FLOAT, Shape.batched(HEADS, TOKENS, VALUES));
    g.output("output", g.add(new AttentionOp.ReluLinearAttention(EPS), null, q, k, v));
    return g.build();
  }

  /** The quadratic form: every pair of tokens by itself. */
  @Test
  void reluLinearAttentionEqualsTheSumOverPairs() {
    Map<String, TensorData> inputs = new RandomTensors(3).inputs(attention(), BATCH, 1);
    double[] q = Tensors.doubles(inputs.get("q"));
    double[] k = Tensors.doubles(inputs.get("k"));
    double[] v = Tensors.doubles(inputs.get("v"));
    float[] expected = new float[BATCH * HEADS * TOKENS * VALUES];
    for (int map = 0; map < BATCH * HEADS; map++) {
      for (int i = 0; i < TOKENS; i++) {
        double[] sums = new double[VALUES];
        double total = 0;
        for (int j = 0; j < TOKENS; j++) {
          double similarity = 0;
          for (int c = 0; c < KEYS; c++) {
            similarity +=
                Math.max(0, q[(map * TOKENS + i) * KEYS + c])
                    * Math.max(0, k[(map * TOKENS + j) * KEYS + c]);
          }
          total += similarity;
          for (int c = 0; c < VALUES; c++) {
            sums[c] += similarity * v[(map * TOKENS + j) * VALUES + c];
          }
        }
        for (int c = 0; c < VALUES; c++) {
          expected[(map * TOKENS + i) * VALUES + c] = (float) (sums[c] / (total + EPS));
        }
      }
    }
    assertArrayEquals(expected, run(attention(), Map.of(), inputs, Precision.F32), 1e-5f);
  }

  /** Nothing to attend to is 0 / eps; in half precision eps would be 0. */
  @ParameterizedTest
  @EnumSource(Precision.class)
  void attentionToNothingIsZero(Precision precision) {
    Map<String, TensorData> inputs =
        new LinkedHashMap<>(new RandomTensors(3).inputs(attention(), BATCH, 1));
    float[] negative = new float[BATCH * HEADS * TOKENS * KEYS];
    Arrays.fill(negative, -1);
    inputs.put("q", MemoryTensor.of(negative, BATCH, HEADS, TOKENS, KEYS));
    assertArrayEquals(
        new float[BATCH * HEADS * TOKENS * VALUES], run(attention(), Map.of(), inputs, precision));
  }

  /** Sums over many tokens must not be rounded to the 8 bits of bfloat16 on the way. */
  @Test
  void attentionSumsInFloat32() {
    int tokens = 4096;
    GraphBuilder g = new GraphBuilder();
    Node x = g.input("x", Kind.FLOAT, Shape.batched(1, tokens, 1));
    g.output("output", g.add(new AttentionOp.ReluLinearAttention(EPS), null, x, x, x));
    float[] ones = new float[tokens];
    Arrays.fill(ones, 1);
    float[] result =
        run(
            g.build(),
            Map.of(),
            Map.of("x", MemoryTensor.of(ones, 1, 1, tokens, 1)),
            Precision.BF16);
    assertArrayEquals(ones, result);
  }

  @Test
  void countsBothProductsOfLinearAttention() {
    CostModel.Cost cost = CostModel.of(attention());
    assertEquals(2L * HEADS * TOKENS * KEYS * (VALUES + 1), cost.macs());
    assertEquals(cost.macs(), cost.attentionMacs());
  }

  @Test
  void batchNormUsesTheStoredStatistics() {
    GraphBuilder g = new GraphBuilder();
    Node x = g.input("x", Kind.FLOAT, Shape.batched(2, 1, 2));
    g.output("output", g.batchNorm("norm", x, 0.5));
    Graph graph = g.build();
    Map<String, TensorData> weights =
        Map.of(
            "norm.weight", MemoryTensor.of(new float[] {2, -1}, 2),
            "norm.bias", MemoryTensor.of(new float[] {1, 3}, 2),
            "norm.running_mean", MemoryTensor.of(new float[] {10, 0}, 2),
            "norm.running_var", MemoryTensor.of(new float[] {3.5f, 8.5f}, 2));
    Map<String, TensorData> inputs =
        Map.of("x", MemoryTensor.of(new float[] {10, 12, 0, 6}, 1, 2, 1, 2));
    // (x - mean) / sqrt(var + eps) with roots 2 and 3.
    assertArrayEquals(new float[] {1, 3, 3, 1}, run(graph, weights, inputs, Precision.F32), 1e-6f);
    assertEquals(4, CostModel.of(graph).parameters(), "statistics are no parameters");
  }

  @Test
  void meanKeepsItsAxes() {
    GraphBuilder g = new GraphBuilder();
    Node x = g.input("x", Kind.FLOAT, Shape.batched(2, 1, 2));
    Node mean = g.add(new ReductionOp.Mean(List.of(2, 3)), null, x);
    g.output("output", mean);
    assertEquals(Shape.batched(2, 1, 1), mean.shape());
    Map<String, TensorData> inputs =
        Map.of("x", MemoryTensor.of(new float[] {1, 2, 3, 5}, 1, 2, 1, 2));
    assertArrayEquals(
        new float[] {1.5f, 4}, run(g.build(), Map.of(), inputs, Precision.F32), 1e-6f);
  }

  @Test
  void activations() {
    float[] x = {-4, -3, -1, 0, 1, 3, 4};
    assertArrayEquals(new float[] {0, 0, 0, 0, 1, 3, 4}, pointwise(Function.RELU, x));
    assertArrayEquals(
        new float[] {0, 0, -1 / 3f, 0, 2 / 3f, 3, 4}, pointwise(Function.HARDSWISH, x), 1e-6f);
  }

  private static float[] pointwise(Function function, float... x) {
    GraphBuilder g = new GraphBuilder();
    g.output("output", g.pointwise(function, g.input("x", Kind.FLOAT, Shape.batched(x.length))));
    return run(g.build(), Map.of(), Map.of("x", MemoryTensor.of(x, 1, x.length)), Precision.F32);
  }

  private static float[] run(
      Graph graph,
      Map<String, TensorData> weights,
      Map<String, TensorData> inputs,
      Precision precision) {
    try (Session session = Session.open(graph, weights, Target.of(precision))) {
      float[] values = Tensors.floats(session.run(inputs, List.of("output")).get("output"));
      assertTrue(values.length > 0);
      return values;
    }
  }
}
