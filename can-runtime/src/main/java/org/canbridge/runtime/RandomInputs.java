package org.canbridge.runtime;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.canbridge.importers.family.Objective;
import org.canbridge.runtime.family.NetworkInput;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.LookupOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;

/**
 * Random arguments for a network, from a seed: standard normal images, timesteps of the objective,
 * labels of the table that they index.
 */
public final class RandomInputs {
  private RandomInputs() {}

  /**
   * One for each input of a graph; each row has its own timestep and condition.
   *
   * @param objective whose timesteps they are; from 0 to 1 if there is none
   * @param batch rows of the inputs whose batch size is open
   */
  public static Map<String, TensorData> of(
      Graph graph, Optional<Objective> objective, int batch, long seed) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    for (Node node : graph.nodes()) {
      if (node.op() instanceof Op.Input input) {
        inputs.put(input.name(), tensor(graph, node, objective, batch, random));
      }
    }
    return inputs;
  }

  private static TensorData tensor(
      Graph graph, Node input, Optional<Objective> objective, int batch, RandomGenerator random) {
    long[] shape = input.shape().resolve(batch);
    int elements = Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
    if (input.kind() == Kind.INT) {
      return MemoryTensor.of(random.longs(elements, 0, rows(graph, input)).toArray(), shape);
    }
    boolean timestep = NetworkInput.TIMESTEP.is((Op.Input) input.op());
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      values[i] =
          (float)
              (timestep
                  ? objective
                      .map(o -> o.timestep(random.nextDouble()))
                      .orElseGet(random::nextDouble)
                  : random.nextGaussian());
    }
    return MemoryTensor.of(values, shape);
  }

  /** Rows of the table that the input {@code ids} indexes. */
  static long rows(Graph graph, String ids) {
    Node node =
        graph.nodes().stream()
            .filter(n -> n.op() instanceof Op.Input input && input.name().equals(ids))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("there is no input " + ids));
    return rows(graph, node);
  }

  private static long rows(Graph graph, Node ids) {
    return graph.nodes().stream()
        .filter(n -> n.op() instanceof LookupOp.Embedding && n.inputs().get(0) == ids)
        .mapToLong(n -> n.inputs().get(1).shape().size(0))
        .min()
        .orElseThrow(
            () -> new IllegalArgumentException("the integers of " + ids + " index no table"));
  }
}
