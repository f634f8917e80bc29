package org.canbridge.runtime.can;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Program;
import org.canbridge.runtime.family.Control;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Gradients of everything that conversion adds, taken through the TorchScript program, against
 * central differences in float64.
 */
class GeneratorGradientTest {
  private static final int BATCH = 2;
  private static final double STEP = 1e-6;

  static Stream<CanCombinationsTest.Case> cases() {
    List<CanCombinationsTest.Case> cases = new ArrayList<>();
    for (TinyNetworks network : TinyNetworks.values()) {
      CanPlan plan =
          network
              .plan(List.of(CanTarget.values()), CanCondition.ALL)
              .with(network.hasControl() ? Control.CAN_ONLY : Control.KEEP);
      cases.add(new CanCombinationsTest.Case(network, plan.withGeneratorWidth(5)));
      cases.add(new CanCombinationsTest.Case(network, plan.withRank(3)));
      cases.add(new CanCombinationsTest.Case(network, plan.with(CanMethod.SELECT)));
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradientsAreThoseOfFiniteDifferences(CanCombinationsTest.Case each) {
    Graph base = each.network().graph(each.plan().control());
    Graph can = CanRewriter.rewrite(base, CanPreset.spec(base, each.plan()));
    Map<String, TensorData> values = TinyNetworks.weights(can, 3);
    try (NDManager manager = NDManager.newBaseManager();
        Program program = Program.compile(can, List.of(can.value("output")), Precision.F64)) {
      NDList inputs = inputs(manager, can);
      NDList weights = new NDList();
      for (Op.Parameter parameter : can.parameters()) {
        weights.add(array(manager, values.get(parameter.name())));
      }
      double[] probe = probe(program.forward(inputs, weights).get(0));
      List<Integer> added = new ArrayList<>();
      for (int i = 0; i < weights.size(); i++) {
        if (can.parameters().get(i).name().startsWith("can.")) {
          added.add(i);
          weights.get(i).setRequiresGradient(true);
        }
      }
      assertFalse(added.isEmpty());
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        NDArray output = program.forwardForGradients(inputs, weights).get(0);
        collector.backward(output.mul(manager.create(probe, output.getShape())).sum());
      }
      List<double[]> gradients =
          added.stream().map(i -> weights.get(i).getGradient().toDoubleArray()).toList();
      added.forEach(i -> weights.get(i).setRequiresGradient(false));
      for (int k = 0; k < added.size(); k++) {
        int at = added.get(k);
        String name = can.parameters().get(at).name();
        double[] direction = direction(gradients.get(k).length, at);
        double along = dot(gradients.get(k), direction);
        double slope =
            (loss(program, inputs, weights, at, direction, STEP, probe)
                    - loss(program, inputs, weights, at, direction, -STEP, probe))
                / (2 * STEP);
        assertEquals(slope, along, 1e-5 * Math.max(1, Math.abs(slope)), name);
        assertTrue(dot(gradients.get(k), gradients.get(k)) > 0, name + " gets no gradient");
      }
    }
  }

  private static double loss(
      Program program,
      NDList inputs,
      NDList weights,
      int at,
      double[] direction,
      double step,
      double[] probe) {
    NDArray original = weights.get(at);
    NDList moved = new NDList(weights);
    moved.set(
        at, original.add(original.getManager().create(direction, original.getShape()).mul(step)));
    return dot(program.forward(inputs, moved).get(0).toDoubleArray(), probe);
  }

  private static NDList inputs(NDManager manager, Graph can) {
    Map<String, TensorData> values = new RandomTensors(5).inputs(can, BATCH, TinyNetworks.CLASSES);
    NDList inputs = new NDList();
    for (Op.Input input : can.inputs()) {
      TensorData value = values.get(input.name());
      inputs.add(
          input.kind() == Kind.INT
              ? manager.create(Tensors.longs(value), shape(value))
              : array(manager, value));
    }
    return inputs;
  }

  private static NDArray array(NDManager manager, TensorData value) {
    return manager.create(Tensors.doubles(value), shape(value));
  }

  private static Shape shape(TensorData value) {
    return new Shape(value.type().shape());
  }

  private static double[] probe(NDArray output) {
    return direction((int) output.size(), 99);
  }

  private static double[] direction(int length, long seed) {
    return new Random(seed).doubles(length, -1, 1).toArray();
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
