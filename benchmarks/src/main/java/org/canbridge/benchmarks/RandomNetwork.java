package org.canbridge.benchmarks;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.family.Objective;
import org.canbridge.runtime.RuntimeFamilies;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;

/** A published network with random weights. */
final class RandomNetwork {
  private final Random random = new Random(0);
  private final ModelConfig config;
  private final Objective objective;

  /**
   * A published network.
   *
   * @param blocks how many it has; 0 for as many as were published
   */
  RandomNetwork(String name, int blocks) {
    Arguments arguments = Families.published(name).arguments();
    Family family = Families.byPublishedName(name).orElseThrow();
    config = family.config(blocks > 0 ? arguments.with("depth", blocks) : arguments);
    objective = family.objective(config).orElseThrow();
  }

  /** The network itself. */
  Graph graph() {
    return RuntimeFamilies.of(config).graph();
  }

  /** The network for latents of this side. */
  Graph graph(int side) {
    return RuntimeFamilies.of(config).ofSide(side).graph();
  }

  /** What it was trained for. */
  Objective objective() {
    return objective;
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

  /** Inputs of a batch. */
  Map<String, TensorData> inputs(Graph graph, int batch) {
    Map<String, TensorData> inputs = new HashMap<>();
    for (Op.Input input : graph.inputs()) {
      long[] shape = input.shape().resolve(batch);
      inputs.put(
          input.name(),
          input.kind() == Kind.INT
              ? MemoryTensor.of(random.longs(batch, 0, objective.classes()).toArray(), shape)
              : shape.length == 1
                  ? MemoryTensor.of(random.doubles(batch).map(objective::timestep).toArray(), shape)
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
