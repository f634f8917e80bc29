package org.canbridge.benchmarks;

import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Shape;

/**
 * The depthwise convolution in the middle of a feed-forward block with one kernel for all samples
 * and with one for each, on tokens, a GELU behind it; forward alone, and with gradients of tokens,
 * kernels and biases. Arguments: channels, tokens in front of the map (U-ViT has them), batch.
 */
public final class DepthwiseTurns {
  private static final int SIDE = 16;
  private static final int WARM_UP = 3;
  private static final int ROUNDS = 15;

  private DepthwiseTurns() {}

  /** Runs it. */
  public static void main(String[] args) {
    int channels = args.length > 0 ? Integer.parseInt(args[0]) : 1536;
    int extra = args.length > 1 ? Integer.parseInt(args[1]) : 0;
    int batch = args.length > 2 ? Integer.parseInt(args[2]) : 16;
    for (Precision precision : new Precision[] {Precision.F32, Precision.BF16}) {
      try (Subject fixed = new Subject(graph(channels, extra, false), precision, batch, true);
          Subject own = new Subject(graph(channels, extra, true), precision, batch, true)) {
        String title = precision + ", C " + channels + ", B " + batch + ", ";
        new Turns()
            .add("one kernel", fixed::forward)
            .add("one for each sample", own::forward)
            .run(title + "forward", WARM_UP, ROUNDS, System.out);
        new Turns()
            .add("one kernel", fixed::forwardAndBackward)
            .add("one for each sample", own::forwardAndBackward)
            .run(title + "forward and backward", WARM_UP, ROUNDS, System.out);
      }
    }
  }

  /** Kernels are inputs, so that bfloat16 programs round them inside. */
  private static Graph graph(int channels, int extra, boolean own) {
    GraphBuilder g = new GraphBuilder();
    Node tokens = g.input("tokens", Kind.FLOAT, Shape.batched(extra + SIDE * SIDE, channels));
    Node weight =
        own
            ? g.input("weight", Kind.FLOAT, Shape.batched(channels, 1, 3, 3))
            : g.input("weight", Kind.FLOAT, Shape.of(channels, 1, 3, 3));
    Node bias =
        own
            ? g.input("bias", Kind.FLOAT, Shape.batched(channels))
            : g.reshape(g.input("bias", Kind.FLOAT, Shape.of(1, channels)), Shape.of(channels));
    Node image = extra == 0 ? tokens : g.slice(tokens, 1, extra, extra + SIDE * SIDE);
    Node map = g.permute(g.reshape(image, Shape.batched(SIDE, SIDE, channels)), 0, 3, 1, 2);
    Op op = own ? new LinearOp.SampleConv2d(1, 1, channels) : new LinearOp.Conv2d(1, 1, channels);
    Node out = g.permute(g.add(op, null, map, weight, bias), 0, 2, 3, 1);
    Node back = g.reshape(out, image.shape());
    Node all = extra == 0 ? back : g.concat(1, g.slice(tokens, 1, 0, extra), back);
    g.output("output", g.pointwise(ElementwiseOp.Pointwise.Function.GELU_TANH, all));
    return g.build();
  }
}
