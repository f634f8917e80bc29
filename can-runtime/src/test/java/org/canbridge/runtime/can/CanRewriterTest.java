package org.canbridge.runtime.can;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.format.MemoryTensor;
import org.canbridge.importers.format.TensorData;
import org.canbridge.importers.format.TensorType;
import org.canbridge.importers.format.Tensors;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.network.Dit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class CanRewriterTest {
  private static final DitConfig TINY = new DitConfig(8, 2, 4, 48, 2, 3, 100, 10, true, 256);
  private static final int BATCH = 3;
  private final Graph source = Dit.graph(TINY);

  static Stream<Arguments> combinations() {
    List<List<CanTarget>> targets = new ArrayList<>();
    for (CanTarget target : CanTarget.values()) {
      targets.add(List.of(target));
    }
    targets.add(CanTarget.PAPER);
    targets.add(List.of(CanTarget.values()));
    return targets.stream()
        .flatMap(t -> Stream.of(CanCondition.values()).map(c -> Arguments.of(t, c)));
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void conversionPreservesTheFunction(List<CanTarget> targets, CanCondition condition) {
    RandomTensors random = new RandomTensors(7);
    Map<String, TensorData> weights = random.weights(source);
    Map<String, TensorData> inputs = random.inputs(source, BATCH, 11);
    Graph can = CanRewriter.rewrite(source, CanPreset.paper(source, targets, condition));
    Map<String, TensorData> all = new LinkedHashMap<>(weights);
    all.putAll(CanInitializer.initialize(source, can, 1));
    assertClose(output(source, weights, inputs), output(can, all, inputs), 1e-5);
  }

  /**
   * The oracle: each sample on its own, through the static network whose weights are {@code W +
   * W_c} of that sample, computed here in double precision.
   */
  @ParameterizedTest
  @MethodSource("combinations")
  void batchedFormEqualsNaiveLoop(List<CanTarget> targets, CanCondition condition) {
    RandomTensors random = new RandomTensors(11);
    CanSpec spec = CanPreset.paper(source, targets, condition);
    Graph can = CanRewriter.rewrite(source, spec);
    Graph fixed =
        CanRewriter.rewrite(source, new CanSpec(condition, targets, spec.inserted(), List.of()));
    Map<String, TensorData> weights = random.weights(can);
    Map<String, TensorData> inputs = random.inputs(can, BATCH, 11);

    float[] batched = output(can, weights, inputs);
    int perSample = batched.length / BATCH;
    String embedding =
        switch (condition) {
          case TIME -> "t_embedder";
          case CLASS -> "y_embedder";
          case ALL -> null;
        };
    float[] conditions =
        embedding == null ? sum(can, weights, inputs) : value(can, weights, inputs, embedding);
    int width = conditions.length / BATCH;
    for (int sample = 0; sample < BATCH; sample++) {
      double[] c = new double[width];
      for (int i = 0; i < width; i++) {
        c[i] = conditions[sample * width + i];
      }
      float[] alone = output(fixed, baked(fixed, spec, weights, c), row(inputs, sample));
      float[] together = Arrays.copyOfRange(batched, sample * perSample, (sample + 1) * perSample);
      assertClose(alone, together, 1e-5);
    }
    float[] without = output(fixed, weights, inputs);
    assertTrue(difference(without, batched) > 1e-3, "the generated weights must matter");
  }

  private float[] sum(
      Graph graph, Map<String, TensorData> weights, Map<String, TensorData> inputs) {
    float[] t = value(graph, weights, inputs, "t_embedder");
    float[] y = value(graph, weights, inputs, "y_embedder");
    for (int i = 0; i < t.length; i++) {
      t[i] += y[i];
    }
    return t;
  }

  private static Map<String, TensorData> baked(
      Graph fixed, CanSpec spec, Map<String, TensorData> weights, double[] c) {
    Map<String, TensorData> baked = new LinkedHashMap<>(weights);
    for (CanSpec.Generator generator : spec.generators()) {
      double[] input = c;
      if (generator.inputWidth() != c.length) {
        input = affine(weights, "can.project." + generator.name(), c);
      }
      double[] rows = affine(weights, "can." + generator.name(), input);
      for (String layer : generator.layers()) {
        float[] weight = Tensors.floats(weights.get(layer + ".weight"));
        float[] bias = Tensors.floats(weights.get(layer + ".bias"));
        assertEquals(rows.length, weight.length + bias.length);
        baked.put(layer + ".weight", plus(weight, rows, 0, shape(fixed, layer + ".weight")));
        baked.put(layer + ".bias", plus(bias, rows, weight.length, shape(fixed, layer + ".bias")));
      }
    }
    return baked;
  }

  private static double[] affine(Map<String, TensorData> weights, String name, double[] x) {
    float[] matrix = Tensors.floats(weights.get(name + ".weight"));
    float[] bias = Tensors.floats(weights.get(name + ".bias"));
    double[] y = new double[bias.length];
    for (int row = 0; row < y.length; row++) {
      y[row] = bias[row];
      for (int i = 0; i < x.length; i++) {
        y[row] += matrix[row * x.length + i] * x[i];
      }
    }
    return y;
  }

  private static TensorData plus(float[] values, double[] rows, int from, long[] shape) {
    float[] sum = new float[values.length];
    for (int i = 0; i < sum.length; i++) {
      sum[i] = (float) (values[i] + rows[from + i]);
    }
    return MemoryTensor.of(sum, shape);
  }

  private static long[] shape(Graph graph, String parameter) {
    return graph.parameters().stream()
        .filter(p -> p.name().equals(parameter))
        .findFirst()
        .orElseThrow()
        .shape()
        .resolve(1);
  }

  private static Map<String, TensorData> row(Map<String, TensorData> inputs, int sample) {
    Map<String, TensorData> row = new LinkedHashMap<>();
    inputs.forEach(
        (name, tensor) -> {
          long[] shape = tensor.type().shape().stream().mapToLong(Long::longValue).toArray();
          shape[0] = 1;
          int bytes = (int) tensor.type().bytes() / BATCH;
          TensorType type = TensorType.of(tensor.type().dtype(), shape);
          row.put(name, MemoryTensor.of(type, tensor.bytes((long) sample * bytes, bytes)));
        });
    return row;
  }

  @Test
  void sharedGeneratorStandsOnceAndAddedNamesFollowTheFormat() {
    CanSpec spec = CanPreset.paper(source, CanTarget.PAPER, CanCondition.ALL);
    Graph can = CanRewriter.rewrite(source, spec);
    assertEquals(
        List.of(
            // Width 48 is below both generator widths, so nothing is projected.
            "can.x_embedder.proj.weight (816, 48)",
            "can.x_embedder.proj.bias (816)",
            "can.out_proj.48.weight (2352, 48)",
            "can.out_proj.48.bias (2352)",
            "blocks.0.mlp.dwconv.weight (100, 1, 3, 3)",
            "blocks.0.mlp.dwconv.bias (100)",
            "can.blocks.0.mlp.dwconv.weight (1000, 48)",
            "can.blocks.0.mlp.dwconv.bias (1000)",
            "blocks.1.mlp.dwconv.weight (100, 1, 3, 3)",
            "blocks.1.mlp.dwconv.bias (100)",
            "can.blocks.1.mlp.dwconv.weight (1000, 48)",
            "can.blocks.1.mlp.dwconv.bias (1000)"),
        CanRewriter.added(source, can).entrySet().stream()
            .map(e -> e.getKey() + " " + e.getValue())
            .toList());
    assertArrayEquals(
        source.parameters().stream().map(Op.Parameter::name).sorted().toArray(),
        can.parameters().stream()
            .map(Op.Parameter::name)
            .filter(n -> !CanRewriter.added(source, can).containsKey(n))
            .sorted()
            .toArray());
    assertTrue(can.modules().keySet().containsAll(source.modules().keySet()));
  }

  @Test
  void narrowGeneratorsAreProjected() {
    CanSpec.Generator narrow =
        new CanSpec.Generator("x_embedder.proj", List.of("x_embedder.proj"), 5, false);
    Graph can =
        CanRewriter.rewrite(
            source,
            new CanSpec(
                CanCondition.TIME, List.of(CanTarget.PATCH_EMBED), List.of(), List.of(narrow)));
    assertEquals(
        List.of(
            "can.project.x_embedder.proj.weight (5, 48)",
            "can.project.x_embedder.proj.bias (5)",
            "can.x_embedder.proj.weight (768, 5)",
            "can.x_embedder.proj.bias (768)"),
        CanRewriter.added(source, can).entrySet().stream()
            .map(e -> e.getKey() + " " + e.getValue())
            .toList());
    RandomTensors random = new RandomTensors(3);
    Map<String, TensorData> weights = random.weights(source);
    Map<String, TensorData> inputs = random.inputs(source, BATCH, 11);
    Map<String, TensorData> all = new LinkedHashMap<>(weights);
    all.putAll(CanInitializer.initialize(source, can, 1));
    assertClose(output(source, weights, inputs), output(can, all, inputs), 1e-5);
  }

  @Test
  void unknownLayerIsRefused() {
    CanSpec.Generator nowhere =
        new CanSpec.Generator("blocks.9.attn.proj", List.of("blocks.9.attn.proj"), 5, true);
    CanSpec spec =
        new CanSpec(
            CanCondition.ALL,
            List.of(CanTarget.OUT_PROJ),
            List.of("blocks.9.mlp.dwconv"),
            List.of(nowhere));
    assertEquals(
        "the network has no layer [blocks.9.attn.proj, blocks.9.mlp.dwconv]",
        assertThrows(IllegalArgumentException.class, () -> CanRewriter.rewrite(source, spec))
            .getMessage());
  }

  private static float[] output(
      Graph graph, Map<String, TensorData> weights, Map<String, TensorData> inputs) {
    return value(graph, weights, inputs, "output");
  }

  private static float[] value(
      Graph graph, Map<String, TensorData> weights, Map<String, TensorData> inputs, String name) {
    try (Session session = Session.open(graph, weights, Precision.F32)) {
      return Tensors.floats(session.run(inputs, List.of(name)).get(name));
    }
  }

  /** Largest difference relative to the standard deviation of {@code expected}. */
  private static double difference(float[] expected, float[] actual) {
    assertEquals(expected.length, actual.length);
    double largest = 0;
    double squares = 0;
    for (int i = 0; i < expected.length; i++) {
      double d = Math.abs((double) expected[i] - actual[i]);
      assertTrue(d >= 0, "NaN at " + i);
      largest = Math.max(largest, d);
      squares += (double) expected[i] * expected[i];
    }
    return largest / Math.sqrt(squares / expected.length);
  }

  private static void assertClose(float[] expected, float[] actual, double tolerance) {
    double difference = difference(expected, actual);
    assertTrue(
        difference < tolerance, "largest difference is " + difference + " standard deviations");
  }
}
