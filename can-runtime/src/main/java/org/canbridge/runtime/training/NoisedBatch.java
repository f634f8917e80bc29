package org.canbridge.runtime.training;

import java.util.List;
import java.util.stream.IntStream;
import org.canbridge.runtime.graph.ElementwiseOp.Pointwise;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.runtime.graph.Shape;

/**
 * Images on their way to noise, in a loss's graph.
 *
 * @param clean images {@code (B, C, H, W)}
 * @param noise of the same shape
 * @param level the coefficients of each sample's noise level, {@code (B, 1, 1, 1)} each; the first
 *     two are the signal's and the noise's factor
 */
record NoisedBatch(Node clean, Node noise, List<Node> level) {

  /**
   * The inputs of a graph that takes such a batch: {@code clean}, {@code noise} and {@code level}
   * {@code (B, coefficients)}.
   */
  static NoisedBatch in(GraphBuilder g, Shape image, int coefficients) {
    Node clean = g.input("clean", Kind.FLOAT, image);
    Node noise = g.input("noise", Kind.FLOAT, image);
    Node level = g.input("level", Kind.FLOAT, Shape.batched(coefficients));
    return new NoisedBatch(
        clean,
        noise,
        IntStream.range(0, coefficients)
            .mapToObj(i -> g.reshape(g.slice(level, 1, i, i + 1), Shape.batched(1, 1, 1)))
            .toList());
  }

  /** The noisy images. */
  Node noisy(GraphBuilder g) {
    return g.add(g.mul(level.get(0), clean), g.mul(level.get(1), noise));
  }

  /** The mean square of the difference, {@code (B)}. */
  static Node squaredError(GraphBuilder g, Node target, Node actual) {
    return mean(g, g.pointwise(Pointwise.Function.SQUARE, g.sub(target, actual)));
  }

  /** The mean over each sample: {@code (B, C, H, W)} to {@code (B)}. */
  static Node mean(GraphBuilder g, Node x) {
    return g.reshape(g.add(new ReductionOp.Mean(List.of(1, 2, 3)), null, x), Shape.batched());
  }
}
