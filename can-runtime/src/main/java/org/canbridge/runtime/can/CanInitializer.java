package org.canbridge.runtime.can;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.ConstantTensor;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;

/**
 * First values of what the rewriting adds, such that the network computes what it computed before:
 * inserted depthwise convolutions are the identity, generators and base kernels give zero. What
 * stands in front of or beside those is random, {@code N(0, 1/fan-in)} (projections, selections,
 * outer factors of low-rank generators, added embedders): with zeros on both sides no gradient
 * would ever reach either.
 */
public final class CanInitializer {
  private static final String PROJECT = "can.project.";
  private static final String CAN = "can.";
  private static final String TIME = "can.t_embedder.";
  private static final String LABELS = "can.y_embedder.";

  /** As in DiT. */
  private static final double LABEL_DEVIATION = 0.02;

  private CanInitializer() {}

  /** Values (float32) for the parameters of {@code can} that {@code source} does not have. */
  public static Map<String, TensorData> initialize(Graph source, Graph can, long seed) {
    Map<String, TensorData> values = new LinkedHashMap<>();
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    CanRewriter.added(source, can)
        .forEach((name, shape) -> values.put(name, value(name, shape, random)));
    return values;
  }

  private static TensorData value(String name, Shape shape, RandomGenerator random) {
    if (!name.startsWith(CAN)) {
      boolean kernels = name.endsWith(".dwconv.weight");
      return kernels ? identityKernels(shape) : ConstantTensor.zeros(type(shape));
    }
    if (name.startsWith(LABELS)) {
      return normal(shape, LABEL_DEVIATION, random);
    }
    boolean drawn =
        name.endsWith(".left")
            || name.endsWith(".right")
            || name.endsWith(".select.weight")
            || (name.endsWith(".weight") && (name.startsWith(PROJECT) || name.startsWith(TIME)));
    return drawn
        ? normal(shape, 1 / Math.sqrt((double) shape.size(1)), random)
        : ConstantTensor.zeros(type(shape));
  }

  private static TensorData normal(Shape shape, double deviation, RandomGenerator random) {
    float[] values = new float[Math.toIntExact(shape.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return MemoryTensor.of(values, shape.resolve(1));
  }

  /** Kernels {@code (C, 1, k, k)} with a one in the middle. */
  private static TensorData identityKernels(Shape shape) {
    int area = Math.toIntExact(shape.size(2) * shape.size(3));
    float[] values = new float[Math.toIntExact(shape.elements())];
    for (int at = area / 2; at < values.length; at += area) {
      values[at] = 1;
    }
    return MemoryTensor.of(values, shape.resolve(1));
  }

  private static TensorType type(Shape shape) {
    return TensorType.of(DType.F32, shape.resolve(1));
  }
}
