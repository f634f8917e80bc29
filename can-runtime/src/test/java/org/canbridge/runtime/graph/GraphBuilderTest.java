package org.canbridge.runtime.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class GraphBuilderTest {
  private final GraphBuilder g = new GraphBuilder();
  private final Node x = g.input("x", Kind.FLOAT, Shape.batched(16, 12));

  @Test
  void moduleCarriesPathParametersAndRole() {
    Node qkv = g.in("blocks").in("0").in("attn").linear("qkv", x, 36, Role.QKV);
    Graph graph = g.build();
    assertEquals("blocks.0.attn.qkv", qkv.path());
    assertEquals(Shape.batched(16, 36), qkv.shape());
    assertEquals(List.of(qkv), graph.withRole(Role.QKV));
    assertSame(qkv, graph.value("blocks.0.attn.qkv"));
    assertEquals(
        List.of("blocks.0.attn.qkv.weight (36, 12)", "blocks.0.attn.qkv.bias (36)"),
        graph.parameters().stream().map(p -> p.name() + " " + p.shape()).toList());
  }

  @Test
  void modulesAreListedInExecutionOrder() {
    g.in("late").returns(g.addScalar(x, 1));
    g.in("early").returns(x);
    assertEquals(List.of("early", "late"), List.copyOf(g.build().modules().keySet()));
  }

  @Test
  void parameterAskedTwiceIsOneNode() {
    assertSame(g.parameter("w", 3, 4), g.parameter("w", 3, 4));
    assertEquals("parameter w is (3, 4) and (4, 3)", failure(() -> g.parameter("w", 4, 3)));
  }

  @Test
  void broadcastingAlignsAtTheEnd() {
    assertEquals(Shape.batched(16, 12), g.add(x, g.parameter("pos", 1, 16, 12)).shape());
    assertEquals(Shape.batched(16, 12), g.add(g.parameter("v", 12), x).shape());
    assertEquals(
        "Add[] at '': shapes do not broadcast; got [(B, 16, 12), (13)]",
        failure(() -> g.add(x, g.parameter("odd", 13))));
  }

  @Test
  void wrongShapesAreNamed() {
    assertEquals(
        "Linear[] at '': last axis of x must be K; got [(B, 16, 12), (5, 13)]",
        failure(() -> g.add(new LinearOp.Linear(), null, x, g.parameter("w13", 5, 13))));
    assertEquals(
        "Reshape[shape=(B, 100)] at '': the number of elements must stay, new shape (B, 100); got"
            + " [(B, 16, 12)]",
        failure(() -> g.reshape(x, Shape.batched(100))));
    assertEquals(
        "Slice[axis=2, from=4, to=13] at '': range Slice[axis=2, from=4, to=13] must lie in the"
            + " axis; got [(B, 16, 12)]",
        failure(() -> g.slice(x, -1, 4, 13)));
    assertEquals(
        "Concat[axis=0] at '': samples cannot be concatenated; got [(B, 16, 12), (B, 16, 12)]",
        failure(() -> g.add(new LayoutOp.Concat(0), null, x, x)));
    assertEquals(
        "Permute[axes=[0, 1, 1]] at '': axes [0, 1, 1] must name every axis once; got [(B, 16,"
            + " 12)]",
        failure(() -> g.permute(x, 0, 1, 1)));
  }

  @Test
  void unknownValueIsNamed() {
    assertEquals(
        "the network has no output and no module 'nowhere'",
        failure(() -> g.build().value("nowhere")));
  }

  private static String failure(org.junit.jupiter.api.function.Executable executable) {
    return assertThrows(IllegalArgumentException.class, executable).getMessage();
  }
}
