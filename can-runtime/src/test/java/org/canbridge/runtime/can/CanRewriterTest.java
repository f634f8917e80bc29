package org.canbridge.runtime.can;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.Control;
import org.canbridge.runtime.family.dit.Dit;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Initializer;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;

class CanRewriterTest {
  private static final DitConfig TINY = new DitConfig(8, 2, 4, 48, 2, 3, 100, 10, true, 256);
  private static final int BATCH = 3;
  private final Graph source = Dit.graph(TINY);

  @Test
  void sharedGeneratorStandsOnceAndAddedNamesFollowTheFormat() {
    CanSpec spec = CanPreset.paper(source, CanTarget.PAPER, CanCondition.ALL);
    Graph can = CanRewriter.rewrite(source, spec);
    assertEquals(
        List.of(
            // Width 48 is below both generator widths, so nothing is projected.
            "can.x_embedder.proj.weight (816, 48)",
            "can.out_proj.48.weight (2352, 48)",
            "blocks.0.mlp.dwconv.weight (100, 1, 3, 3)",
            "blocks.0.mlp.dwconv.bias (100)",
            "can.blocks.0.mlp.dwconv.weight (1000, 48)",
            "blocks.1.mlp.dwconv.weight (100, 1, 3, 3)",
            "blocks.1.mlp.dwconv.bias (100)",
            "can.blocks.1.mlp.dwconv.weight (1000, 48)"),
        CanRewriter.added(source, can).stream().map(p -> p.name() + " " + p.shape()).toList());
    assertArrayEquals(
        source.parameters().stream().map(Op.Parameter::name).sorted().toArray(),
        can.parameters().stream()
            .filter(p -> !CanRewriter.added(source, can).contains(p))
            .map(Op.Parameter::name)
            .sorted()
            .toArray());
    assertTrue(can.modules().keySet().containsAll(source.modules().keySet()));
  }

  @Test
  void narrowGeneratorsAreProjected() {
    CanSpec.Generator narrow =
        new CanSpec.Generator(
            "x_embedder.proj", List.of("x_embedder.proj"), new CanSpec.Linear(5, false));
    Graph can =
        CanRewriter.rewrite(
            source,
            new CanSpec(
                CanCondition.TIME,
                Control.KEEP,
                CanMethod.GENERATE,
                List.of(CanTarget.PATCH_EMBED),
                Optional.empty(),
                List.of(),
                List.of(narrow)));
    assertEquals(
        List.of(
            "can.project.5.weight (5, 48)",
            "can.project.5.bias (5)",
            "can.x_embedder.proj.weight (768, 5)"),
        CanRewriter.added(source, can).stream().map(p -> p.name() + " " + p.shape()).toList());
    RandomTensors random = new RandomTensors(3);
    Map<String, TensorData> weights = random.weights(source);
    Map<String, TensorData> inputs = random.inputs(source, BATCH, 11);
    Map<String, TensorData> all = new LinkedHashMap<>(weights);
    all.putAll(Initializer.draw(CanRewriter.added(source, can), 1));
    assertClose(output(source, weights, inputs), output(can, all, inputs), 1e-5);
  }

  @Test
  void unknownLayerIsRefused() {
    CanSpec.Generator nowhere =
        new CanSpec.Generator(
            "blocks.9.attn.proj", List.of("blocks.9.attn.proj"), new CanSpec.Linear(5, true));
    CanSpec spec =
        new CanSpec(
            CanCondition.ALL,
            Control.KEEP,
            CanMethod.GENERATE,
            List.of(CanTarget.OUT_PROJ),
            Optional.empty(),
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
    try (Session session = Session.open(graph, weights, Target.F32)) {
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
