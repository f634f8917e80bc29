package org.canbridge.runtime.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import org.canbridge.runtime.graph.Initializer.Usual;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;

class InitializerTest {

  private static double[] values(Initializer initializer, long... sizes) {
    Op.Parameter parameter = new Op.Parameter("w", Shape.of(sizes), initializer);
    return Tensors.doubles(Initializer.draw(List.of(parameter), 3).get("w"));
  }

  private static double deviation(double... values) {
    return Math.sqrt(DoubleStream.of(values).map(v -> v * v).average().orElseThrow());
  }

  @Test
  void randomWeightsHaveTheirSpread() {
    assertEquals(1 / 8.0, deviation(values(Usual.FAN_IN, 100, 64)), 0.002);
    assertEquals(1 / 6.0, deviation(values(Usual.FAN_IN, 100, 4, 3, 3)), 0.005);
    assertEquals(0.02, deviation(values(new Initializer.Normal(0.02), 50, 64)), 0.0005);
    double bound = Math.sqrt(6.0 / (64 + 100));
    double[] glorot = values(Usual.GLOROT, 100, 64);
    assertEquals(bound / Math.sqrt(3), deviation(glorot), 0.002);
    assertTrue(DoubleStream.of(glorot).allMatch(v -> Math.abs(v) <= bound));
  }

  @Test
  void fixedValuesStandWhereTheyShould() {
    assertArrayEquals(new double[] {1, 1}, values(Usual.ONES, 2));
    assertArrayEquals(new double[] {0, 0}, values(Usual.ZEROS, 2));
    assertArrayEquals(
        new double[] {0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0},
        values(Usual.IDENTITY, 2, 1, 3, 3));
    assertArrayEquals(
        new double[] {0, 0, 1, 1}, values(new Initializer.Ranges(List.of(0f, 1f)), 4));
  }

  @Test
  void layersBeginAsTheirBuilderSays() {
    GraphBuilder g = new GraphBuilder();
    Node x = g.input("x", Kind.FLOAT, Shape.batched(4));
    GraphBuilder zero = g.initializing(Usual.ZEROS);
    g.output(
        "output",
        zero.linear("second", g.layerNorm("norm", g.linear("first", x, 4, null), 1e-6), 4, null));
    Map<String, Initializer> begins =
        g.build().parameters().stream()
            .collect(Collectors.toMap(Op.Parameter::name, Op.Parameter::initializer));
    assertEquals(
        Map.of(
            "first.weight", Usual.FAN_IN,
            "first.bias", Usual.ZEROS,
            "norm.weight", Usual.ONES,
            "norm.bias", Usual.ZEROS,
            "second.weight", Usual.ZEROS,
            "second.bias", Usual.ZEROS),
        begins);
  }

  @Test
  void theSeedAndTheOrderDecide() {
    List<Op.Parameter> two =
        List.of(
            new Op.Parameter("a", Shape.of(3, 3), Usual.FAN_IN),
            new Op.Parameter("b", Shape.of(3, 3), Usual.FAN_IN));
    Map<String, TensorData> first = Initializer.draw(two, 1);
    assertArrayEquals(
        Tensors.doubles(first.get("b")), Tensors.doubles(Initializer.draw(two, 1).get("b")));
    assertNotEquals(Tensors.doubles(first.get("a"))[0], Tensors.doubles(first.get("b"))[0]);
    assertNotEquals(
        Tensors.doubles(first.get("a"))[0], Tensors.doubles(Initializer.draw(two, 2).get("a"))[0]);
  }
}
