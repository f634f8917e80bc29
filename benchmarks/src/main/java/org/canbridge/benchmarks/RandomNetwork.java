package org.canbridge.benchmarks;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Arguments;
import org.canbridge.runtime.RuntimeFamilies;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;

/** Published networks with random weights. */
final class RandomNetwork {
  private final Random random = new Random(0);

  /**
   * A published network.
   *
   * @param blocks how many it has; 0 for as many as were published
   */
  static Graph published(String name, int blocks) {
    Arguments arguments = Families.published(name).arguments();
    return RuntimeFamilies.of(
            Families.byPublishedName(name)
                .orElseThrow()
                .config(blocks > 0 ? arguments.with("depth", blocks) : arguments))
        .graph();
  }

  /** Weights of such size that activations stay around 1. */
  Map<String, TensorData> weights(Graph graph) {
    Map<String, TensorData> weights = new HashMap<>();
    for (Op.Parameter parameter : graph.parameters()) {
      Shape shape = parameter.shape();
      double fanIn = shape.rank() < 2 ? 4 : (double) shape.elements() / shape.size(0);
      weights.put(parameter.name(), normal(1 / Math.sqrt(fanIn), shape.resolve(1)));
    }
    return weights;
  }

  /** Inputs of a batch; timesteps and labels are below 1000 in every published network. */
  Map<String, TensorData> inputs(Graph graph, int batch) {
    Map<String, TensorData> inputs = new HashMap<>();
    for (Op.Input input : graph.inputs()) {
      long[] shape = input.shape().resolve(batch);
      inputs.put(
          input.name(),
          shape.length == 1
              ? MemoryTensor.of(random.longs(batch, 0, 1000).toArray(), shape)
              : normal(1, shape));
    }
    return inputs;
  }

  private TensorData normal(double deviation, long... shape) {
    int elements = 1;
    for (long size : shape) {
      elements = Math.multiplyExact(elements, Math.toIntExact(size));
    }
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return MemoryTensor.of(values, shape);
  }
}
