package org.canbridge.runtime.can;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.family.Control;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Initializer;
import org.canbridge.tensors.TensorData;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every target by every condition by every method, with and without the network's own control. */
class CanCombinationsTest {
  private static final int BATCH = 3;

  /** One combination. */
  record Case(TinyNetworks network, CanPlan plan) {
    @Override
    public String toString() {
      String targets = String.join("+", plan.targets().stream().map(CanTarget::label).toList());
      return String.join(
          " ",
          network.name(),
          targets,
          plan.condition().label(),
          plan.method().label() + (plan.rank().isPresent() ? ":rank" : ""),
          plan.control().label());
    }
  }

  static Stream<Case> combinations() {
    List<List<CanTarget>> targets = new ArrayList<>();
    for (CanTarget target : CanTarget.values()) {
      targets.add(List.of(target));
    }
    targets.add(CanTarget.PAPER);
    targets.add(List.of(CanTarget.values()));
    List<Case> cases = new ArrayList<>();
    for (TinyNetworks network : TinyNetworks.values()) {
      for (Control control : Control.values()) {
        for (CanCondition condition : CanCondition.values()) {
          for (List<CanTarget> some : targets) {
            CanPlan plan = network.plan(some, condition).with(control);
            if (control == Control.KEEP || network.hasControl()) {
              cases.add(new Case(network, plan.withGeneratorWidth(7)));
              cases.add(new Case(network, plan.withRank(3)));
              cases.add(new Case(network, plan.with(CanMethod.SELECT).withKernels(3)));
            }
          }
        }
      }
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void batchedFormEqualsNaiveLoop(Case each) {
    Graph base = each.network().graph(each.plan().control());
    CanSpec spec = CanPreset.spec(base, each.plan());
    Graph can = CanRewriter.rewrite(base, spec);
    Map<String, TensorData> weights = TinyNetworks.weights(can, 11);
    Map<String, TensorData> inputs = new RandomTensors(5).inputs(can, BATCH, TinyNetworks.CLASSES);
    CanOracle oracle = new CanOracle(base, can, spec, weights);
    double[] naive = oracle.output(inputs, BATCH);
    assertError(naive, CanOracle.run(can, weights, inputs, "output", Precision.F64), 1e-12);
    assertError(naive, CanOracle.run(can, weights, inputs, "output", Precision.F32), 1e-6);
    assertTrue(
        CanOracle.relativeError(oracle.without(inputs), naive) > 1e-8,
        "what is generated must matter more than rounding in float64 does");
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void conversionPreservesTheFunction(Case each) {
    Graph base = each.network().graph(each.plan().control());
    Graph can = CanRewriter.rewrite(base, CanPreset.spec(base, each.plan()));
    Map<String, TensorData> weights = TinyNetworks.weights(base, 7);
    Map<String, TensorData> inputs = new RandomTensors(5).inputs(can, BATCH, TinyNetworks.CLASSES);
    Map<String, TensorData> all = new LinkedHashMap<>(weights);
    all.putAll(Initializer.draw(CanRewriter.added(base, can), 1));
    assertError(
        CanOracle.run(base, weights, inputs, "output", Precision.F64),
        CanOracle.run(can, all, inputs, "output", Precision.F64),
        1e-12);
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void theDescriptionSurvivesTheFile(Case each) {
    Graph base = each.network().graph(each.plan().control());
    CanSpec spec = CanPreset.spec(base, each.plan());
    assertEquals(spec, CanSpecJson.read(CanSpecJson.write(spec, List.of())));
  }

  private static void assertError(double[] expected, double[] actual, double limit) {
    double error = CanOracle.relativeError(expected, actual);
    assertTrue(error < limit, () -> "relative error " + error);
  }
}
