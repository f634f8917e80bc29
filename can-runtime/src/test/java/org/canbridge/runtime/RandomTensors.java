package org.canbridge.runtime;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.LookupOp;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;

/** Random weights and inputs of the right shapes, from a seed. */
public final class RandomTensors {
  private final Random random;

  public RandomTensors(long seed) {
    random = new Random(seed);
  }

  /**
   * Values for all parameters, drawn so that activations stay around 1. Generators get smaller
   * ones: what they make is added to weights that are already of the right size, and doubling those
   * in every layer would only measure how rounding grows.
   */
  public Map<String, TensorData> weights(Graph graph) {
    Map<String, TensorData> weights = new LinkedHashMap<>();
    for (Op.Parameter parameter : graph.parameters()) {
      Shape shape = parameter.shape();
      double fanIn = shape.rank() < 2 ? 4 : shape.elements() / (double) shape.size(0);
      weights.put(
          parameter.name(),
          normal(
              (parameter.name().startsWith("can.") ? 0.1 : 1) / Math.sqrt(fanIn),
              shape.resolve(1)));
    }
    return weights;
  }

  /**
   * Inputs for all arguments: floats are standard normal, but {@code t} is 0..999; integers are
   * labels below {@code rows}.
   */
  public Map<String, TensorData> inputs(Graph graph, int batch, int rows) {
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    for (Op.Input input : graph.inputs()) {
      long[] shape = input.shape().resolve(batch);
      if (input.kind() == Kind.INT) {
        inputs.put(
            input.name(), MemoryTensor.of(random.longs(elements(shape), 0, rows).toArray(), shape));
      } else if (shape.length == 1) {
        inputs.put(
            input.name(), MemoryTensor.of(random.longs(elements(shape), 0, 1000).toArray(), shape));
      } else {
        inputs.put(input.name(), normal(1, shape));
      }
    }
    return inputs;
  }

  /** The same, with labels of the smallest table that is looked up. */
  public Map<String, TensorData> inputs(Graph graph, int batch) {
    int rows =
        graph.nodes().stream()
            .filter(node -> node.op() instanceof LookupOp.Embedding)
            .mapToInt(node -> Math.toIntExact(node.inputs().get(1).shape().size(0)))
            .min()
            .orElse(1);
    return inputs(graph, batch, rows);
  }

  /** Normal numbers with this standard deviation. */
  public TensorData normal(double deviation, long... shape) {
    float[] values = new float[elements(shape)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return MemoryTensor.of(values, shape);
  }

  private static int elements(long... shape) {
    int product = 1;
    for (long size : shape) {
      product *= Math.toIntExact(size);
    }
    return product;
  }
}
