package org.canbridge.runtime.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.canbridge.runtime.engine.kernels.ConvolutionForm;
import org.canbridge.runtime.engine.kernels.Kernel;
import org.canbridge.runtime.engine.kernels.Kernels;
import org.canbridge.runtime.engine.torchscript.KernelCase;
import org.canbridge.runtime.graph.AttentionOp;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.runtime.graph.Shape;

/**
 * The operators that the lowering uses, at sizes that fill neither vectors nor blocks. Among the
 * convolutions are those that libtorch 2.7.1 computes wrongly on AMD's family 26, and sizes on both
 * sides of them.
 */
final class KernelCases {
  /** Input and output channels that are no multiples of 16, or one of them is none. */
  private static final int[][] PARTIAL = {
    {4, 4}, {8, 8}, {12, 16}, {20, 16}, {20, 20}, {24, 24}, {40, 40}, {40, 64}, {64, 40}, {64, 4}
  };

  private static final Kernels FILLED =
      new Kernels(Map.of(Kernel.PARTIAL_CONVOLUTION, ConvolutionForm.PADDED), false, Map.of());

  private final List<KernelCase> cases = new ArrayList<>();

  private KernelCases() {}

  /** All but the packed linear layers, which have no gradients, and the optimizer. */
  static List<KernelCase> all() {
    KernelCases all = new KernelCases();
    all.convolutions();
    all.products();
    all.others();
    return all.cases;
  }

  private void convolutions() {
    for (int[] channels : PARTIAL) {
      partial(channels[0], channels[1], channels[0] > 32 ? 6 : 8);
    }
    partial(4, 4, 16);
    for (int[] channels : new int[][] {{16, 16}, {32, 16}, {48, 64}}) {
      map(Kernel.CONVOLUTION, channels[0], 6, (g, x) -> conv(g, x, channels[1], 3, 1, 1));
    }
    map(Kernel.STRIDED_CONVOLUTION, 3, 9, (g, x) -> conv(g, x, 32, 3, 2, 1));
    map(Kernel.STRIDED_CONVOLUTION, 20, 8, (g, x) -> conv(g, x, 20, 3, 2, 1));
    map(Kernel.STRIDED_CONVOLUTION, 64, 8, (g, x) -> conv(g, x, 20, 3, 2, 1));
    map(Kernel.GROUPED_CONVOLUTION, 64, 8, (g, x) -> conv(g, x, 64, 3, 1, 4));
    map(Kernel.GROUPED_CONVOLUTION, 20, 8, (g, x) -> conv(g, x, 20, 3, 1, 5));
    map(Kernel.GROUPED_CONVOLUTION, 40, 8, (g, x) -> conv(g, x, 80, 1, 1, 2));
    map(
        Kernel.GROUPED_CONVOLUTION,
        20,
        6,
        (g, x) ->
            g.add(
                new LinearOp.SampleConv2d(1, 1, 1),
                null,
                x,
                g.input("k", Kind.FLOAT, Shape.batched(12, 20, 3, 3)),
                g.input("b", Kind.FLOAT, Shape.batched(12))));
    map(Kernel.DEPTHWISE_CONVOLUTION, 20, 8, (g, x) -> conv(g, x, 20, 3, 1, 20));
    map(Kernel.DEPTHWISE_CONVOLUTION, 36, 8, (g, x) -> conv(g, x, 36, 5, 2, 36));
    map(
        Kernel.DEPTHWISE_CONVOLUTION,
        20,
        6,
        (g, x) ->
            g.add(
                new LinearOp.SampleConv2d(1, 1, 20),
                null,
                x,
                g.input("k", Kind.FLOAT, Shape.batched(20, 1, 3, 3)),
                g.input("b", Kind.FLOAT, Shape.batched(20))));
  }

  /** A convolution as it stands, and filled up. */
  private void partial(int in, int out, int side) {
    map(Kernel.PARTIAL_CONVOLUTION, in, side, (g, x) -> conv(g, x, out, 3, 1, 1));
    KernelCase plain = cases.get(cases.size() - 1);
    cases.add(new KernelCase(Kernel.FILLED_CONVOLUTION, FILLED, plain.graph()));
  }

  private void products() {
    map(Kernel.LINEAR, 40, 7, (g, x) -> conv(g, x, 20, 1, 1, 1));
    map(Kernel.LINEAR, 4, 8, (g, x) -> g.conv2d("layer", x, 24, 2, 2, 0, 1, null));
    tokens(Kernel.LINEAR, 20, (g, x) -> g.linear("layer", x, 100, null));
    tokens(Kernel.LINEAR, 100, (g, x) -> g.linearWithoutBias("layer", x, 3, null));
    tokens(
        Kernel.BATCHED_PRODUCT,
        20,
        (g, x) ->
            g.add(
                new LinearOp.SampleLinear(),
                null,
                x,
                g.input("k", Kind.FLOAT, Shape.batched(36, 20)),
                g.input("b", Kind.FLOAT, Shape.batched(36))));
    heads(Kernel.BATCHED_PRODUCT, 16, new AttentionOp.ReluLinearAttention(1e-5));
    heads(Kernel.ATTENTION, 20, new AttentionOp.Attention());
    heads(Kernel.ATTENTION, 64, new AttentionOp.Attention());
    heads(Kernel.ATTENTION, 20, new AttentionOp.CausalAttention());
  }

  private void others() {
    tokens(Kernel.NORM, 20, (g, x) -> g.layerNorm("norm", x, 1e-6));
    tokens(Kernel.NORM, 100, (g, x) -> g.layerNorm(x, 1e-6));
    tokens(Kernel.NORM, 100, (g, x) -> g.add(new ReductionOp.L2Normalize(), null, x));
    map(Kernel.NORM, 20, 7, (g, x) -> g.groupNorm("norm", x, 5, 1e-6));
    map(Kernel.NORM, 20, 7, (g, x) -> g.batchNorm("norm", x, 1e-5));
    tokens(
        Kernel.ACTIVATION,
        20,
        (g, x) ->
            g.concat(
                1,
                Arrays.stream(ElementwiseOp.Pointwise.Function.values())
                    .map(
                        function ->
                            g.pointwise(function, positive(function) ? g.addScalar(x, 3) : x))
                    .toArray(Node[]::new)));
    tokens(Kernel.ACTIVATION, 100, (g, x) -> g.add(new ReductionOp.Softmax(), null, x));
    GraphBuilder g = new GraphBuilder();
    Node ids = g.input("ids", Kind.INT, Shape.batched(7));
    add(Kernel.EMBEDDING, g, g.embedding(ids, g.parameter("table", 11, 20)));
  }

  private static boolean positive(ElementwiseOp.Pointwise.Function function) {
    return function == ElementwiseOp.Pointwise.Function.LOG;
  }

  /** Linear layers on packed weights, two of them with the activation in the same kernel. */
  static KernelCase packed() {
    GraphBuilder g = new GraphBuilder();
    Node x = g.input("x", Kind.FLOAT, Shape.batched(17, 20));
    Node first =
        g.pointwise(ElementwiseOp.Pointwise.Function.GELU_TANH, g.linear("first", x, 100, null));
    Node second =
        g.pointwise(ElementwiseOp.Pointwise.Function.GELU_ERF, g.linear("second", first, 64, null));
    g.output("output", g.linear("third", second, 20, null));
    return new KernelCase(Kernel.PACKED_LINEAR, new Kernels(Map.of(), true, Map.of()), g.build());
  }

  /** What a case computes of its input. */
  @FunctionalInterface
  private interface Body {
    Node of(GraphBuilder g, Node x);
  }

  private void map(Kernel kernel, int channels, int side, Body body) {
    on(kernel, Shape.batched(channels, side, side), body);
  }

  private void tokens(Kernel kernel, int width, Body body) {
    on(kernel, Shape.batched(17, width), body);
  }

  private void on(Kernel kernel, Shape shape, Body body) {
    GraphBuilder g = new GraphBuilder();
    add(kernel, g, body.of(g, g.input("x", Kind.FLOAT, shape)));
  }

  private void heads(Kernel kernel, int width, Op attention) {
    GraphBuilder g = new GraphBuilder();
    Node[] operands =
        Stream.of("q", "k", "v")
            .map(name -> g.input(name, Kind.FLOAT, Shape.batched(3, 17, width)))
            .toArray(Node[]::new);
    add(kernel, g, g.add(attention, null, operands));
  }

  private void add(Kernel kernel, GraphBuilder g, Node output) {
    g.output("output", output);
    cases.add(new KernelCase(kernel, Kernels.PLAIN, g.build()));
  }

  private static Node conv(GraphBuilder g, Node x, int out, int kernel, int stride, int groups) {
    return g.conv2d("layer", x, out, kernel, stride, kernel / 2, groups, null);
  }
}
