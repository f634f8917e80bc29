package org.canbridge.runtime.can;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.engine.Program;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.engine.TrainingSession;
import org.canbridge.runtime.family.Control;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Loss;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Gradients of everything that conversion adds, as training takes them, against central differences
 * in float64.
 */
class GeneratorGradientTest {
  private static final int BATCH = 2;
  private static final double STEP = 1e-6;

  static Stream<CanCombinations> cases() {
    List<CanCombinations> cases = new ArrayList<>();
    for (TinyNetworks network : TinyNetworks.values()) {
      CanPlan plan =
          network
              .plan(List.of(CanTarget.values()), CanCondition.ALL)
              .with(
                  network == TinyNetworks.DIT || network == TinyNetworks.UVIT
                      ? Control.CAN_ONLY
                      : Control.KEEP);
      cases.add(new CanCombinations(network.family(), plan.withGeneratorWidth(5)));
      cases.add(new CanCombinations(network.family(), plan.withRank(3)));
      cases.add(new CanCombinations(network.family(), plan.with(CanMethod.SELECT)));
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradientsAreThoseOfFiniteDifferences(CanCombinations each) {
    Graph base = each.network().graph(each.plan().control());
    Graph can = CanRewriter.rewrite(base, CanPreset.spec(base, each.plan()));
    Map<String, TensorData> weights = TinyNetworks.weights(can, 3);
    Map<String, TensorData> inputs =
        new LinkedHashMap<>(new RandomTensors(5).inputs(can, BATCH, TinyNetworks.CLASSES));
    Set<String> added = new LinkedHashSet<>();
    can.parameters().stream()
        .map(Op.Parameter::name)
        .filter(name -> name.startsWith("can."))
        .forEach(added::add);
    assertFalse(added.isEmpty());
    long[] shape = can.value("output").shape().resolve(BATCH);
    double[] probe = direction(Math.toIntExact(can.value("output").shape().elements() * BATCH), 99);
    Map<String, double[]> gradients = new LinkedHashMap<>();
    List<TrainingSession.Group> all = List.of(new TrainingSession.Group(added, 1, 0));
    try (TrainingSession training =
        TrainingSession.open(can, weights, all, new Probe(), Target.F64)) {
      training.differentiate(
          inputs, Map.of("clean", inputs.get("x"), "probe", MemoryTensor.of(probe, shape)), 1);
      training.gradients().forEach((name, value) -> gradients.put(name, Tensors.doubles(value)));
    }
    try (NDManager manager = NDManager.newBaseManager();
        Program program = Program.compile(can, List.of(can.value("output")), Target.F64)) {
      NDList arguments = inputs(manager, can, inputs);
      NDList values = new NDList();
      can.parameters().forEach(p -> values.add(array(manager, weights.get(p.name()))));
      for (int at = 0; at < values.size(); at++) {
        String name = can.parameters().get(at).name();
        if (added.contains(name)) {
          double[] gradient = gradients.get(name);
          double[] direction = direction(gradient.length, at);
          double slope =
              (loss(program, arguments, values, at, direction, STEP, probe)
                      - loss(program, arguments, values, at, direction, -STEP, probe))
                  / (2 * STEP);
          double along = dot(gradient, direction);
          assertEquals(slope, along, 1e-5 * Math.max(1, Math.abs(slope)), name);
          assertTrue(dot(gradient, gradient) > 0, name + " gets no gradient");
        }
      }
    }
  }

  /** The scalar product of each sample's output with a given tensor, times the batch size. */
  private record Probe() implements Loss {
    @Override
    public Graph before(Graph network) {
      GraphBuilder g = new GraphBuilder();
      Shape image =
          network.inputs().stream().filter(i -> i.name().equals(MADE)).findFirst().get().shape();
      g.output(MADE, g.input("clean", Kind.FLOAT, image));
      g.input("probe", Kind.FLOAT, network.value("output").shape());
      return g.build();
    }

    @Override
    public Graph after(Graph network) {
      GraphBuilder g = new GraphBuilder();
      Shape shape = network.value("output").shape();
      Node product = g.mul(g.input(OUTPUT, Kind.FLOAT, shape), g.input("probe", Kind.FLOAT, shape));
      Node flat = g.reshape(product, Shape.batched(shape.elements()));
      Node mean = g.add(new ReductionOp.Mean(List.of(1)), null, flat);
      g.output(
          "probe",
          g.mulScalar(g.reshape(mean, Shape.batched()), (double) (shape.elements() * BATCH)));
      return g.build();
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

  private static NDList inputs(NDManager manager, Graph can, Map<String, TensorData> values) {
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

  private static ai.djl.ndarray.types.Shape shape(TensorData value) {
    return new ai.djl.ndarray.types.Shape(value.type().shape());
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
