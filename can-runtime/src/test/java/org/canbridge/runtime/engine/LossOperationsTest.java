package org.canbridge.runtime.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.canbridge.runtime.engine.kernels.Kernels;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.ElementwiseOp.Pointwise.Function;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Loss;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The operations that losses are made of, and what is differentiated through them. */
class LossOperationsTest {
  private static final TensorData CLEAN = MemoryTensor.of(new float[] {3, 5}, 2);

  @ParameterizedTest
  @EnumSource(Precision.class)
  void values(Precision precision) {
    GraphBuilder g = new GraphBuilder();
    Node x = g.input("x", Kind.FLOAT, Shape.batched());
    Node y = g.addScalar(x, 1);
    g.output("difference", g.sub(x, y));
    g.output("product", g.mul(x, y));
    g.output("square", g.pointwise(Function.SQUARE, x));
    g.output("logarithm", g.pointwise(Function.LOG, x));
    g.output("below", g.add(new ElementwiseOp.Below(2), null, x));
    g.output("detached", g.add(new ElementwiseOp.Detach(), null, x));
    Arithmetic arithmetic = new Arithmetic(Target.of(precision), Kernels.PLAIN);
    try (Session session = TorchSession.open(g.build(), Map.of(), arithmetic)) {
      Map<String, TensorData> values =
          session.run(
              Map.of("x", MemoryTensor.of(new float[] {1, 2, 4}, 3)),
              List.copyOf(session.graph().outputs().keySet()));
      assertValues(values, "difference", -1, -1, -1);
      assertValues(values, "product", 2, 6, 20);
      assertValues(values, "square", 1, 4, 16);
      assertValues(values, "logarithm", 0, Math.log(2), Math.log(4));
      assertValues(values, "below", 1, 0, 0);
      assertValues(values, "detached", 1, 2, 4);
    }
  }

  private static void assertValues(
      Map<String, TensorData> values, String name, double... expected) {
    assertArrayEquals(expected, Tensors.doubles(values.get(name)), 0.01, name);
  }

  /** {@code detach(w x) * w x + below(w x) * 3}, whose gradient by w is {@code w x * x}. */
  private static final class Partly implements Loss {
    @Override
    public Graph before(Graph network) {
      GraphBuilder g = new GraphBuilder();
      g.output(MADE, g.input("clean", Kind.FLOAT, Shape.batched()));
      return g.build();
    }

    @Override
    public Graph after(Graph network) {
      GraphBuilder g = new GraphBuilder();
      Node output = g.input(OUTPUT, Kind.FLOAT, Shape.batched());
      g.output("product", g.mul(g.add(new ElementwiseOp.Detach(), null, output), output));
      g.output("count", g.mulScalar(g.add(new ElementwiseOp.Below(8), null, output), 3));
      return g.build();
    }
  }

  private static Graph network() {
    GraphBuilder g = new GraphBuilder();
    Node x = g.input("x", Kind.FLOAT, Shape.batched());
    g.output("output", g.mul(x, g.parameter("w", 1)));
    return g.build();
  }

  private static TrainingSession session(Precision precision) {
    return TrainingSession.open(
        network(),
        Map.of("w", MemoryTensor.of(new float[] {2}, 1)),
        List.of(new TrainingSession.Group(Set.of("w"), 1, 0)),
        new Partly(),
        new Arithmetic(Target.of(precision), Kernels.PLAIN));
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void nothingIsDifferentiatedThroughWhatIsCutOff(Precision precision) {
    try (TrainingSession session = session(precision)) {
      double[][] terms = session.differentiate(Map.of(), Map.of("clean", CLEAN), 1);
      assertArrayEquals(new double[] {36, 100}, terms[0]);
      assertArrayEquals(new double[] {3, 0}, terms[1]);
      assertEquals((6 * 3 + 10 * 5) / 2., Tensors.doubles(session.gradients().get("w"))[0]);
    }
  }

  @Test
  void whatTheLossTakesMustBeGiven() {
    try (TrainingSession session = session(Precision.F32)) {
      assertEquals(
          "input 'clean' (B) is missing",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> session.differentiate(Map.of(), Map.of("noise", CLEAN), 1))
              .getMessage());
    }
  }
}
