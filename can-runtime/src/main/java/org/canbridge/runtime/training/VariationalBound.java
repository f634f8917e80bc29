package org.canbridge.runtime.training;

import java.util.List;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.ElementwiseOp.Pointwise.Function;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.runtime.objective.NoiseSchedule;

/**
 * The variational bound of one denoising step in bits per dimension, by the formulas of {@code
 * gaussian_diffusion.py} of the DiT code, with its approximation of the normal distribution and its
 * bins of 1/255 at the first timestep.
 */
final class VariationalBound {
  private static final double BITS = 1 / Math.log(2);
  private static final double HALF_BIN = 1 / 255.0;

  /** From here on a pixel's bin reaches to infinity. */
  private static final double EDGE = 0.999;

  private final GraphBuilder g;
  private final Node clean;

  /** Mean and log variance of the step that the network makes. */
  private final Node mean;

  private final Node logVariance;

  private VariationalBound(GraphBuilder g, Node clean, Node mean, Node logVariance) {
    this.g = g;
    this.clean = clean;
    this.mean = mean;
    this.logVariance = logVariance;
  }

  /** The coefficients of index {@code i} that {@link #of} needs behind the forward process's. */
  static List<Double> coefficients(NoiseSchedule schedule, int i) {
    return List.of(
        schedule.sqrtRecipAlphaCumprod(i),
        schedule.sqrtRecipm1AlphaCumprod(i),
        schedule.posteriorMeanCoef1(i),
        schedule.posteriorMeanCoef2(i),
        schedule.posteriorLogVarianceClipped(i),
        Math.log(schedule.beta(i)),
        i == 0 ? 1. : 0.);
  }

  /**
   * The bound of each sample, {@code (B)}.
   *
   * @param x the noisy images
   * @param eps the noise that the network tells
   * @param between where it sees the log variance between its two bounds, -1 to 1
   */
  static Node of(GraphBuilder g, NoisedBatch batch, Node x, Node eps, Node between) {
    List<Node> k = batch.level();
    Node clean = g.sub(g.mul(k.get(2), x), g.mul(k.get(3), eps));
    Node mean = g.add(g.mul(k.get(4), clean), g.mul(k.get(5), x));
    Node truth = g.add(g.mul(k.get(4), batch.clean()), g.mul(k.get(5), x));
    Node least = k.get(6);
    Node share = g.mulScalar(g.addScalar(between, 1), 0.5);
    Node logVariance = g.add(g.mul(share, k.get(7)), g.mul(oneMinus(g, share), least));
    VariationalBound bound = new VariationalBound(g, batch.clean(), mean, logVariance);
    Node first = g.reshape(k.get(8), Shape.batched());
    return g.add(
        g.mul(first, bound.ofImage()), g.mul(oneMinus(g, first), bound.ofStep(truth, least)));
  }

  /** The divergence of the network's step from the true one. */
  private Node ofStep(Node truth, Node least) {
    Node apart = g.pointwise(Function.SQUARE, g.sub(truth, mean));
    Node variances =
        g.add(
            g.addScalar(g.sub(logVariance, least), -1),
            g.pointwise(Function.EXP, g.sub(least, logVariance)));
    Node means = g.mul(apart, g.pointwise(Function.EXP, g.mulScalar(logVariance, -1)));
    return NoisedBatch.mean(g, g.mulScalar(g.add(variances, means), 0.5 * BITS));
  }

  /** The last step's likelihood of the image itself, whose values lie in bins. */
  private Node ofImage() {
    Node centred = g.sub(clean, mean);
    Node lower = normalDistribution(g.addScalar(centred, -HALF_BIN));
    Node upper = normalDistribution(g.addScalar(centred, HALF_BIN));
    Node lowest = below(clean, -EDGE);
    Node highest = below(g.mulScalar(clean, -1), -EDGE);
    Node from = g.mul(lower, oneMinus(g, lowest));
    Node to = g.add(g.mul(upper, oneMinus(g, highest)), highest);
    Node likelihood = g.add(new ElementwiseOp.Clamp(1e-12, 1), null, g.sub(to, from));
    return NoisedBatch.mean(g, g.mulScalar(g.pointwise(Function.LOG, likelihood), -BITS));
  }

  /** {@code 0.5 (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3)))}, z the distance over the deviation. */
  private Node normalDistribution(Node distance) {
    Node inverse = g.pointwise(Function.EXP, g.mulScalar(logVariance, -0.5));
    Node z = g.mul(inverse, distance);
    Node cube = g.mul(g.pointwise(Function.SQUARE, z), z);
    Node inner = g.mulScalar(g.add(z, g.mulScalar(cube, 0.044715)), Math.sqrt(2 / Math.PI));
    return g.mulScalar(g.addScalar(g.pointwise(Function.TANH, inner), 1), 0.5);
  }

  private Node below(Node x, double bound) {
    return g.add(new ElementwiseOp.Below(bound), null, x);
  }

  private static Node oneMinus(GraphBuilder g, Node x) {
    return g.addScalar(g.mulScalar(x, -1), 1);
  }
}
