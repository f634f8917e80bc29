package org.canbridge.runtime.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.graph.AttentionOp;
import org.canbridge.runtime.graph.CostModel;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.ElementwiseOp.Pointwise.Function;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.LayoutOp;
import org.canbridge.runtime.graph.LookupOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Single operations of autoencoders and text encoders, against arithmetic written out here. */
class OperationsTest {
  private static final double CLOSE = 1e-5;

  private final GraphBuilder g = new GraphBuilder();
  private final RandomTensors random = new RandomTensors(5);

  private double[] run(Node value, Precision precision, Map<String, TensorData> inputs) {
    g.output("output", value);
    try (Session session = Session.open(g.build(), inputs, Target.of(precision))) {
      return Tensors.doubles(session.run(inputs, List.of("output")).get("output"));
    }
  }

  private double[] run(Node value, Map<String, TensorData> inputs) {
    return run(value, Precision.F32, inputs);
  }

  private Node map(long channels, long height, long width) {
    return g.input("x", Kind.FLOAT, Shape.batched(channels, height, width));
  }

  @Test
  void groupNormNormalisesEachGroupOfEachSample() {
    TensorData x = random.normal(2, 2, 6, 1, 2);
    TensorData weight = random.normal(1, 6);
    TensorData bias = random.normal(1, 6);
    double[] actual =
        run(
            g.groupNorm("norm", map(6, 1, 2), 3, 0.1),
            Map.of("x", x, "norm.weight", weight, "norm.bias", bias));
    double[] in = Tensors.doubles(x);
    double[] expected = new double[in.length];
    for (int group = 0; group < 6; group++) { // two samples of three groups of four values
      double mean = 0;
      double square = 0;
      for (int i = 0; i < 4; i++) {
        mean += in[4 * group + i] / 4;
        square += in[4 * group + i] * in[4 * group + i] / 4;
      }
      for (int i = 0; i < 4; i++) {
        int channel = 2 * (group % 3) + i / 2;
        double normed = (in[4 * group + i] - mean) / Math.sqrt(square - mean * mean + 0.1);
        expected[4 * group + i] =
            normed * Tensors.doubles(weight)[channel] + Tensors.doubles(bias)[channel];
      }
    }
    assertArrayEquals(expected, actual, CLOSE);
  }

  @Test
  void upsamplingRepeatsPixels() {
    assertArrayEquals(
        new double[] {1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4},
        run(
            g.add(new LayoutOp.UpsampleNearest(2), null, map(1, 2, 2)),
            Map.of("x", MemoryTensor.of(new float[] {1, 2, 3, 4}, 1, 1, 2, 2))));
  }

  @Test
  void paddingMayDifferOnEverySide() {
    assertArrayEquals(
        new double[] {
          0, 0, 0, 0, 0, //
          0, 0, 0, 0, 0, //
          0, 1, 2, 0, 0, //
        },
        run(
            g.add(new LayoutOp.Pad(1, 2, 2, 0), null, map(1, 1, 2)),
            Map.of("x", MemoryTensor.of(new float[] {1, 2}, 1, 1, 1, 2))));
  }

  @Test
  void clampAndScalarsActOnEachElement() {
    Node x = g.input("x", Kind.FLOAT, Shape.batched(3));
    Node clamped = g.add(new ElementwiseOp.Clamp(-1.5, 2), null, x);
    Node divided = g.add(new ElementwiseOp.DivScalar(4), null, g.mulScalar(clamped, 3));
    assertArrayEquals(
        new double[] {-1.125, 0.75, 1.5},
        run(divided, Map.of("x", MemoryTensor.of(new float[] {-9, 1, 7}, 1, 3))),
        CLOSE);
  }

  @Test
  void pointwiseFunctionsAreThoseOfTheirNames() {
    Node x = g.input("x", Kind.FLOAT, Shape.batched(1));
    Node all =
        g.concat(
            1,
            g.pointwise(Function.TANH, x),
            g.pointwise(Function.EXP, x),
            g.pointwise(Function.QUICK_GELU, x));
    assertArrayEquals(
        new double[] {Math.tanh(-0.7), Math.exp(-0.7), -0.7 / (1 + Math.exp(1.702 * 0.7))},
        run(all, Map.of("x", MemoryTensor.of(new float[] {-0.7f}, 1, 1))),
        1e-6);
  }

  @Test
  void normalisedVectorsHaveLengthOne() {
    Node x = g.input("x", Kind.FLOAT, Shape.batched(2));
    assertArrayEquals(
        new double[] {0.6, 0.8, -1, 0},
        run(
            g.add(new ReductionOp.L2Normalize(), null, x),
            Map.of("x", MemoryTensor.of(new float[] {3, 4, -2, 0}, 2, 2))),
        1e-6);
  }

  /** The first sample has the id twice, the second has it nowhere. */
  @Test
  void tokenIsTheFirstWithTheIdOrWithTheLargest() {
    Map<String, TensorData> inputs =
        Map.of(
            "x",
            MemoryTensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3, 1),
            "ids",
            MemoryTensor.of(new long[] {9, 7, 7, 1, 8, 8}, 2, 3));
    Node x = g.input("x", Kind.FLOAT, Shape.batched(3, 1));
    Node ids = g.input("ids", Kind.INT, Shape.batched(3));
    Node seven = g.add(new LookupOp.SelectToken(OptionalLong.of(7)), null, x, ids);
    Node largest = g.add(new LookupOp.SelectToken(OptionalLong.empty()), null, x, ids);
    assertArrayEquals(new double[] {2, 1, 4, 5}, run(g.concat(1, seven, largest), inputs));
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void tokensSeeNothingBehindThemAndNothingHidden(Precision precision) {
    int tokens = 4;
    TensorData x = random.normal(1, 2, 1, tokens, 3);
    // The second sample hides its first two tokens, so that these see none at all.
    long[] mask = {1, 1, 0, 1, 0, 0, 1, 1};
    Node node = g.input("x", Kind.FLOAT, Shape.batched(1, tokens, 3));
    Node shown = g.input("mask", Kind.INT, Shape.batched(tokens));
    double[] actual =
        run(
            g.add(new AttentionOp.CausalAttention(), null, node, node, node, shown),
            precision,
            Map.of("x", x, "mask", MemoryTensor.of(mask, 2, tokens)));
    double[] expected = new double[actual.length];
    for (int sample = 0; sample < 2; sample++) {
      for (int q = 0; q < tokens; q++) {
        attend(Tensors.doubles(x), mask, sample, q, expected);
      }
    }
    assertArrayEquals(expected, actual, precision == Precision.F32 ? CLOSE : 0.05);
  }

  private static void attend(double[] x, long[] mask, int sample, int q, double[] out) {
    int at = 12 * sample;
    boolean any = false;
    for (int k = 0; k <= q; k++) {
      any |= mask[4 * sample + k] != 0;
    }
    double sum = 0;
    for (int k = 0; k < 4; k++) {
      if (any && (k > q || mask[4 * sample + k] == 0)) {
        continue;
      }
      double score = 0;
      for (int i = 0; i < 3; i++) {
        score += x[at + 3 * q + i] * x[at + 3 * k + i] / Math.sqrt(3);
      }
      double weight = any ? Math.exp(score) : 1;
      sum += weight;
      for (int i = 0; i < 3; i++) {
        out[at + 3 * q + i] += weight * x[at + 3 * k + i];
      }
    }
    for (int i = 0; i < 3; i++) {
      out[at + 3 * q + i] /= sum;
    }
  }

  @Test
  void causalAttentionIsCountedAsAttention() {
    Node x = g.input("x", Kind.FLOAT, Shape.batched(2, 5, 3));
    g.output("output", g.add(new AttentionOp.CausalAttention(), null, x, x, x));
    CostModel.Cost cost = CostModel.of(g.build());
    assertEquals(2 * 2 * 5 * 5 * 3, cost.macs());
    assertEquals(cost.macs(), cost.attentionMacs());
  }

  @Test
  void wrongShapesAreNamed() {
    Node x = map(6, 4, 5);
    Node tokens = g.input("tokens", Kind.FLOAT, Shape.batched(3, 2));
    Node ids = g.input("ids", Kind.INT, Shape.batched(4));
    assertEquals(
        "GroupNorm[groups=4, eps=0.1] at '': channels must be a multiple of groups; got [(B, 6, 4,"
            + " 5)]",
        failure(() -> g.add(new ReductionOp.GroupNorm(4, 0.1), null, x)));
    assertEquals(
        "Pad[left=0, right=-1, top=0, bottom=0] at '': padding must not be negative; got [(B, 6, 4,"
            + " 5)]",
        failure(() -> g.add(new LayoutOp.Pad(0, -1, 0, 0), null, x)));
    assertEquals(
        "UpsampleNearest[factor=0] at '': the factor must be positive; got [(B, 6, 4, 5)]",
        failure(() -> g.add(new LayoutOp.UpsampleNearest(0), null, x)));
    assertEquals(
        "Clamp[least=2.0, most=1.0] at '': least must not be above most; got [(B, 6, 4, 5)]",
        failure(() -> g.add(new ElementwiseOp.Clamp(2, 1), null, x)));
    assertEquals(
        "SelectToken[id=OptionalLong.empty] at '': ids must be (B, N), integers; got [(B, 3, 2),"
            + " (B, 4)]",
        failure(() -> g.add(new LookupOp.SelectToken(OptionalLong.empty()), null, tokens, ids)));
    assertEquals(
        "CausalAttention[] at '': the mask must be (B, N), integers; got [(B, 6, 4, 5), (B, 6, 4,"
            + " 5), (B, 6, 4, 5), (B, 3, 2)]",
        failure(() -> g.add(new AttentionOp.CausalAttention(), null, x, x, x, tokens)));
  }

  private static String failure(Executable executable) {
    return assertThrows(IllegalArgumentException.class, executable).getMessage();
  }
}
