package org.canbridge.runtime.fold;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.runtime.graph.Role;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;

class BatchNormFoldTest {
  private static final double EPS = 0.25;

  /** With or without bias, as a layer of its own. */
  private static Node layer(GraphBuilder g, Node x, boolean bias) {
    Node value =
        bias
            ? g.conv2d("conv", x, 2, 1, 1, 0, 1, Role.MLP_IN)
            : g.conv2dWithoutBias("conv", x, 2, 1, 1, 0, 1, Role.MLP_IN);
    return g.returns(g.batchNorm("norm", value, EPS));
  }

  private static Graph graph(boolean bias) {
    GraphBuilder g = new GraphBuilder();
    Node x = g.input("x", Kind.FLOAT, Shape.batched(1, 1, 1));
    g.output("output", layer(g.in("layer"), x, bias));
    return g.build();
  }

  private static Map<String, TensorData> weights(DType weight) {
    Map<String, TensorData> weights = new LinkedHashMap<>();
    weights.put(
        "layer.conv.weight", Tensors.as(MemoryTensor.of(new float[] {3, 5}, 2, 1, 1, 1), weight));
    weights.put("layer.conv.bias", MemoryTensor.of(new float[] {10, 20}, 2));
    weights.put("layer.norm.weight", MemoryTensor.of(new float[] {4, 6}, 2));
    weights.put("layer.norm.bias", MemoryTensor.of(new float[] {7, 8}, 2));
    weights.put("layer.norm.running_mean", MemoryTensor.of(new float[] {1, 2}, 2));
    weights.put("layer.norm.running_var", MemoryTensor.of(new float[] {3.75f, 8.75f}, 2));
    return weights;
  }

  /** Scales 4 / 2 and 6 / 3, by hand. */
  @Test
  void weightAndBiasAreScaledByChannel() {
    BatchNormFold.Folded fold = BatchNormFold.of(graph(true));
    Map<String, TensorData> folded = FoldedWeights.of(fold.pairs(), weights(DType.F16));
    assertEquals(Set.of("layer.conv.weight", "layer.conv.bias"), folded.keySet());
    TensorData weight = folded.get("layer.conv.weight");
    assertEquals(DType.F16, weight.type().dtype());
    assertEquals(List.of(2L, 1L, 1L, 1L), weight.type().shape());
    assertArrayEquals(new double[] {6, 10}, Tensors.doubles(weight));
    TensorData bias = folded.get("layer.conv.bias");
    assertEquals(DType.F32, bias.type().dtype());
    assertArrayEquals(new double[] {25, 44}, Tensors.doubles(bias));
    BatchNormFold.Folded without = BatchNormFold.of(graph(false));
    assertArrayEquals(
        new double[] {5, 4},
        Tensors.doubles(
            FoldedWeights.of(without.pairs(), weights(DType.F32)).get("layer.conv.bias")));
  }

  @Test
  void theConvolutionKeepsItsPlaceAndTheLayerItsValue() {
    for (boolean bias : new boolean[] {true, false}) {
      Graph folded = BatchNormFold.of(graph(bias)).graph();
      assertEquals(
          List.of("layer.conv.weight", "layer.conv.bias"),
          folded.parameters().stream().map(Op.Parameter::name).toList());
      assertEquals(Set.of("layer"), folded.modules().keySet());
      Node layer = folded.modules().get("layer");
      assertEquals(folded.outputs().get("output"), layer);
      assertEquals("layer.conv", layer.path());
      assertEquals(Optional.of(Role.MLP_IN), layer.role());
      assertEquals(new LinearOp.Conv2d(1, 0, 1), layer.op());
      assertEquals(3, layer.inputs().size());
    }
  }

  @Test
  void aConvolutionWhoseValueIsNeededElsewhereKeepsItsNorm() {
    GraphBuilder g = new GraphBuilder();
    Node x = g.input("x", Kind.FLOAT, Shape.batched(1, 2, 2));
    Node shared = g.conv2dWithoutBias("shared", x, 1, 1, 1, 0, 1, null);
    Node added = g.add(shared, g.batchNorm("norm", shared, EPS));
    Node tapped = g.in("outer").returns(g.conv2d("inner", added, 1, 1, 1, 0, 1, null));
    Node behind = g.batchNorm("behind", tapped, EPS);
    g.output(
        "output",
        g.batchNorm("second", g.pointwise(ElementwiseOp.Pointwise.Function.RELU, behind), EPS));
    BatchNormFold.Folded fold = BatchNormFold.of(g.build());
    assertEquals(List.of(), fold.pairs());
    assertEquals(g.build().modules().keySet(), fold.graph().modules().keySet());
    assertEquals(g.build().parameters(), fold.graph().parameters());
    assertTrue(
        fold.graph().nodes().stream().anyMatch(n -> n.op() instanceof ReductionOp.BatchNorm));
  }

  /** Two layers that share one kernel cannot both scale it. */
  @Test
  void aSharedKernelIsNotScaled() {
    GraphBuilder g = new GraphBuilder();
    Node x = g.input("x", Kind.FLOAT, Shape.batched(1, 2, 2));
    Node kernel = g.in("shared").parameter("weight", 1, 1, 1, 1);
    Node value = x;
    for (String name : List.of("first", "second")) {
      value =
          g.in(name)
              .batchNorm("norm", g.add(new LinearOp.Conv2d(1, 0, 1), null, value, kernel), EPS);
    }
    g.output("output", value);
    assertEquals(List.of(), BatchNormFold.of(g.build()).pairs());
  }
}
