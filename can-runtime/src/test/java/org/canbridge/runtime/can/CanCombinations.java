package org.canbridge.runtime.can;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.SameInDjl;
import org.canbridge.runtime.family.Control;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Initializer;
import org.canbridge.runtime.onnx.SameInOnnx;
import org.canbridge.tensors.TensorData;

/**
 * One way in which a network is made condition-aware, and what must hold of it.
 *
 * @param network a small one
 * @param plan the targets, their condition, the method and what becomes of the network's control
 */
public record CanCombinations(RuntimeFamily network, CanPlan plan) {
  private static final int BATCH = 3;

  /** What networks compute before they are converted; so many ways start from the same. */
  private static final Map<String, double[]> BEFORE = new ConcurrentHashMap<>();

  /**
   * Every target by every condition by every method, with and without the network's own control.
   */
  public static List<CanCombinations> all(
      RuntimeFamily network, Optional<CanSpec.Embedder> embedder) {
    List<List<CanTarget>> targets = new ArrayList<>();
    for (CanTarget target : CanTarget.values()) {
      targets.add(List.of(target));
    }
    targets.add(CanTarget.PAPER);
    targets.add(List.of(CanTarget.values()));
    List<CanCombinations> all = new ArrayList<>();
    for (Control control : controls(network)) {
      for (CanCondition condition : conditions(network, embedder)) {
        for (List<CanTarget> some : targets) {
          CanPlan plan = plan(some, condition, embedder).with(control);
          all.add(new CanCombinations(network, plan.withGeneratorWidth(7)));
          all.add(new CanCombinations(network, plan.withRank(3)));
          all.add(new CanCombinations(network, plan.with(CanMethod.SELECT).withKernels(3)));
        }
      }
    }
    return all;
  }

  /** All targets at once, by every condition. */
  public static List<CanCombinations> some(
      RuntimeFamily network, Optional<CanSpec.Embedder> embedder) {
    return conditions(network, embedder).stream()
        .map(c -> new CanCombinations(network, plan(List.of(CanTarget.values()), c, embedder)))
        .toList();
  }

  /** All targets at once, by every condition and every method, with and without control. */
  public static List<CanCombinations> ofAllTargets(
      RuntimeFamily network, Optional<CanSpec.Embedder> embedder) {
    return all(network, embedder).stream()
        .filter(each -> each.plan.targets().size() == CanTarget.values().length)
        .toList();
  }

  /**
   * {@link #ofAllTargets}, and every target alone by every method, by one condition, with control.
   */
  public static List<CanCombinations> ofEachTarget(
      RuntimeFamily network, Optional<CanSpec.Embedder> embedder) {
    CanPlan first = all(network, embedder).get(0).plan;
    return all(network, embedder).stream()
        .filter(
            each ->
                each.plan.targets().size() == CanTarget.values().length
                    || (each.plan.condition() == first.condition()
                        && each.plan.control() == first.control()))
        .toList();
  }

  private static CanPlan plan(
      List<CanTarget> targets, CanCondition condition, Optional<CanSpec.Embedder> embedder) {
    CanPlan plan = CanPlan.paper(targets, condition);
    return embedder.map(plan::with).orElse(plan);
  }

  private static List<CanCondition> conditions(
      RuntimeFamily network, Optional<CanSpec.Embedder> embedder) {
    return Arrays.stream(CanCondition.values())
        .filter(
            c -> embedder.isPresent() || CanPreset.conditionNode(network.graph(), c).isPresent())
        .toList();
  }

  private static List<Control> controls(RuntimeFamily network) {
    try {
      network.graph(Control.CAN_ONLY);
      return List.of(Control.values());
    } catch (IllegalArgumentException e) {
      return List.of(Control.KEEP);
    }
  }

  /** The batched form computes what every sample on its own does, and conditions matter. */
  public void batchedFormEqualsNaiveLoop() {
    Graph base = network.graph(plan.control());
    CanSpec spec = CanPreset.spec(base, plan);
    Graph can = CanRewriter.rewrite(base, spec);
    Map<String, TensorData> weights = TinyNetworks.weights(can, 11);
    Map<String, TensorData> inputs = new RandomTensors(5).inputs(can, BATCH, TinyNetworks.CLASSES);
    try (CanOracle oracle = new CanOracle(base, can, spec, weights)) {
      double[] naive = oracle.output(inputs, BATCH);
      assertError(naive, CanOracle.run(can, weights, inputs, "output", Precision.F64), 1e-12);
      assertError(naive, CanOracle.run(can, weights, inputs, "output", Precision.F32), 1e-6);
      assertTrue(
          CanOracle.relativeError(oracle.without(inputs), naive) > 1e-8,
          "what is generated must matter more than rounding in float64 does");
    }
  }

  /** With the start values of what it adds, conversion preserves the function. */
  public void conversionPreservesTheFunction() {
    Graph base = network.graph(plan.control());
    Graph can = CanRewriter.rewrite(base, CanPreset.spec(base, plan));
    Map<String, TensorData> weights = TinyNetworks.weights(base, 7);
    Map<String, TensorData> inputs = new RandomTensors(5).inputs(can, BATCH, TinyNetworks.CLASSES);
    Map<String, TensorData> all = new LinkedHashMap<>(weights);
    all.putAll(Initializer.draw(CanRewriter.added(base, can), 1));
    double[] expected =
        BEFORE.computeIfAbsent(
            network.config() + " " + plan.control() + " of " + can.inputs(),
            same -> CanOracle.run(base, weights, inputs, "output", Precision.F64));
    assertError(expected, CanOracle.run(can, all, inputs, "output", Precision.F64), 1e-12);
  }

  /** The condition-aware network. */
  public Graph graph() {
    Graph base = network.graph(plan.control());
    return CanRewriter.rewrite(base, CanPreset.spec(base, plan));
  }

  /** ONNX Runtime computes what the network is here, for any batch. */
  public void onnxEqualsTorchScript() {
    Graph can = graph();
    SameInOnnx.check(can, TinyNetworks.weights(can, 11));
  }

  /** DJL computes of a TorchScript file what the network is here. */
  public void djlEqualsTheSession(Path file) throws IOException {
    Graph base = network.graph(plan.control());
    Graph can = CanRewriter.rewrite(base, CanPreset.spec(base, plan));
    SameInDjl.check(can, TinyNetworks.weights(can, 11), file);
  }

  /** {@code config.json} holds all of it. */
  public void theDescriptionSurvivesTheFile() {
    CanSpec spec = CanPreset.spec(network.graph(plan.control()), plan);
    assertEquals(spec, CanSpecJson.read(CanSpecJson.write(spec, List.of())));
  }

  private static void assertError(double[] expected, double[] actual, double limit) {
    double error = CanOracle.relativeError(expected, actual);
    assertTrue(error < limit, () -> "relative error " + error);
  }

  @Override
  public String toString() {
    return String.join(
        " ",
        String.join("+", plan.targets().stream().map(CanTarget::label).toList()),
        plan.condition().label(),
        plan.method().label() + (plan.rank().isPresent() ? ":rank" : ""),
        plan.control().label());
  }
}
