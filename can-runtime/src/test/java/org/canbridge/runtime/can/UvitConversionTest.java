package org.canbridge.runtime.can;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.canbridge.importers.uvit.UvitCondition;
import org.canbridge.importers.uvit.UvitConfig;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.uvit.Uvit;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Initializer;
import org.canbridge.runtime.graph.Role;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** U-ViT, whose condition is tokens, made condition-aware. */
class UvitConversionTest {
  private static final int BATCH = 3;
  private static final int CLASSES = 11;

  static Stream<Arguments> networks() {
    return Stream.of(
        Arguments.of(new UvitCondition.None(), CanCondition.TIME),
        Arguments.of(new UvitCondition.Label(CLASSES), CanCondition.ALL),
        Arguments.of(new UvitCondition.Label(CLASSES), CanCondition.CLASS),
        Arguments.of(new UvitCondition.Text(7, 6), CanCondition.ALL));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void conversionPreservesTheFunction(UvitCondition kind, CanCondition condition) {
    Graph source =
        Uvit.graph(new UvitConfig(8, 2, 3, 24, 4, 3, 96, false, false, kind, true, true));
    List<CanTarget> targets = Arrays.asList(CanTarget.values());
    Graph can = CanRewriter.rewrite(source, CanPreset.paper(source, targets, condition));
    assertEquals(5, can.withRole(Role.DEPTHWISE_CONV).size(), "one a block");

    RandomTensors random = new RandomTensors(5);
    Map<String, TensorData> weights = random.weights(source);
    Map<String, TensorData> inputs = random.inputs(source, BATCH, CLASSES);
    Map<String, TensorData> all = new LinkedHashMap<>(weights);
    all.putAll(Initializer.draw(CanRewriter.added(source, can), 1));
    assertArrayEquals(output(source, weights, inputs), output(can, all, inputs), 1e-4f);
  }

  private static float[] output(
      Graph graph, Map<String, TensorData> weights, Map<String, TensorData> inputs) {
    try (Session session = Session.open(graph, weights, Target.F32)) {
      return Tensors.floats(session.run(inputs, List.of("output")).get("output"));
    }
  }
}
