package org.canbridge.runtime;

import java.util.LinkedHashMap;
import java.util.Map;
import org.canbridge.importers.family.Objective;
import org.canbridge.runtime.can.CanSpec;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * How the projections in front of generators begin: {@code p = -P mean(c)}, so that {@code g = P c
 * + p} is zero on average over timesteps and labels. What is the same for all conditions is then
 * the static weight's to learn, and the generators' is how conditions differ. The checkpoint alone
 * tells it: no data are needed.
 */
final class ProjectionStart {
  private static final String PREFIX = "can.project.";
  private static final String WEIGHT = ".weight";

  private ProjectionStart() {}

  /**
   * The biases of all projections.
   *
   * @param can the condition-aware network
   * @param tensors its values
   */
  static Map<String, TensorData> of(
      Graph can,
      CanSpec spec,
      Objective objective,
      Map<String, TensorData> tensors,
      Target target) {
    Map<String, TensorData> biases = new LinkedHashMap<>();
    tensors.forEach(
        (name, weight) -> {
          if (name.startsWith(PREFIX) && name.endsWith(WEIGHT)) {
            biases.put(name.substring(0, name.length() - WEIGHT.length()) + ".bias", weight);
          }
        });
    if (!biases.isEmpty()) {
      double[] mean = ConditionRows.of(can, spec.condition(), objective, tensors, target).mean();
      biases.replaceAll((name, weight) -> product(weight, mean));
    }
    return biases;
  }

  /** {@code -P c}. */
  private static TensorData product(TensorData weight, double... c) {
    float[] matrix = Tensors.floats(weight);
    float[] product = new float[matrix.length / c.length];
    for (int i = 0; i < product.length; i++) {
      double sum = 0;
      for (int j = 0; j < c.length; j++) {
        sum -= matrix[i * c.length + j] * c[j];
      }
      product[i] = (float) sum;
    }
    return MemoryTensor.of(product, product.length);
  }
}
