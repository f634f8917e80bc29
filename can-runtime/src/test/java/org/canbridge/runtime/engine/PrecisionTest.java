package org.canbridge.runtime.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanRewriter;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.family.dit.Dit;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrecisionTest {
  private final Graph dit = Dit.graph(new DitConfig(8, 2, 4, 48, 2, 3, 192, 10, true, 256));

  @Test
  void bfloat16IsFloat32UpToItsEightBits() {
    compare(dit);
  }

  @Test
  void bfloat16RunsConditionAwareNetworks() {
    compare(
        CanRewriter.rewrite(
            dit, CanPreset.paper(dit, List.of(CanTarget.values()), CanCondition.ALL)));
  }

  /** Sizes on both sides of the blocks in which channels are computed. */
  @ParameterizedTest
  @ValueSource(ints = {1, 4, 15, 16, 17, 32})
  void bfloat16ConvolvesToAnyNumberOfChannels(int channels) {
    GraphBuilder g = new GraphBuilder();
    Node x = g.input("x", Kind.FLOAT, Shape.batched(4, 8, 8));
    g.output("output", g.conv2d("layer", x, channels, 3, 1, 1, 1, null));
    Graph graph = g.build();
    RandomTensors random = new RandomTensors(2);
    Map<String, TensorData> weights = random.weights(graph);
    Map<String, TensorData> inputs = random.inputs(graph, 3, 11);
    List<String> output = List.of("output");
    double difference =
        difference(
            run(graph, weights, inputs, output, Precision.F32).get("output"),
            run(graph, weights, inputs, output, Precision.BF16).get("output"));
    assertTrue(difference > 1e-5 && difference < 5e-3, () -> "differs by " + difference);
  }

  private static void compare(Graph graph) {
    RandomTensors random = new RandomTensors(2);
    Map<String, TensorData> weights = random.weights(graph);
    Map<String, TensorData> inputs = random.inputs(graph, 3, 11);
    List<String> values = List.of("blocks.0.mlp.fc1", "blocks.1", "output");
    Map<String, TensorData> wide = run(graph, weights, inputs, values, Precision.F32);
    Map<String, TensorData> narrow = run(graph, weights, inputs, values, Precision.BF16);
    // Tapping fc1 must not change what its layer computes, although fc1 and GELU are one kernel
    // otherwise.
    Map<String, TensorData> untapped =
        run(graph, weights, inputs, List.of("output"), Precision.BF16);
    for (String value : values) {
      assertEquals(DType.F32, narrow.get(value).type().dtype());
      double difference = difference(wide.get(value), narrow.get(value));
      assertTrue(
          difference > 1e-5 && difference < 0.1,
          value + " differs by " + difference + " standard deviations");
    }
    assertTrue(difference(narrow.get("output"), untapped.get("output")) < 0.05);
  }

  private static Map<String, TensorData> run(
      Graph graph,
      Map<String, TensorData> weights,
      Map<String, TensorData> inputs,
      List<String> values,
      Precision precision) {
    try (Session session = Session.open(graph, weights, Target.of(precision))) {
      return session.run(inputs, values);
    }
  }

  /** Root mean square of the difference over that of {@code expected}. */
  private static double difference(TensorData expected, TensorData actual) {
    float[] e = Tensors.floats(expected);
    float[] a = Tensors.floats(actual);
    double squares = 0;
    double reference = 0;
    for (int i = 0; i < e.length; i++) {
      squares += Math.pow((double) e[i] - a[i], 2);
      reference += Math.pow(e[i], 2);
    }
    return Math.sqrt(squares / reference);
  }
}
