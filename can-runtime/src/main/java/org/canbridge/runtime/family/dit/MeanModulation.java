package org.canbridge.runtime.family.dit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.family.Objective;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.ConditionPairs;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * First values for a DiT without adaptive layer norms: shift, scale and gate of each block at their
 * mean over timestep and label, taken over {@link ConditionPairs}.
 */
public final class MeanModulation {
  private static final String SUFFIX = "." + Dit.MODULATION;

  private MeanModulation() {}

  /**
   * The values of {@code <block>.adaLN_modulation.bias}, for all modules of that kind.
   *
   * @param source the network with its adaptive layer norms
   * @param objective tells its timesteps and labels
   * @param target that it runs on
   */
  public static Map<String, TensorData> of(
      Graph source, Objective objective, Map<String, TensorData> weights, Target target) {
    List<String> modules = new ArrayList<>();
    source.modules().keySet().stream().filter(p -> p.endsWith(SUFFIX)).forEach(modules::add);
    Map<String, double[]> sums = new LinkedHashMap<>();
    try (Session session = Session.open(source, weights, target.with(Precision.F32))) {
      for (int from = 0; from < ConditionPairs.COUNT; from += ConditionPairs.BATCH) {
        session
            .run(ConditionPairs.inputs(source, objective, from), modules)
            .forEach((path, rows) -> add(sums, path, rows));
      }
    }
    Map<String, TensorData> means = new LinkedHashMap<>();
    sums.forEach(
        (path, sum) -> {
          float[] mean = new float[sum.length];
          for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) (sum[i] / ConditionPairs.COUNT);
          }
          means.put(path + ".bias", MemoryTensor.of(mean, mean.length));
        });
    return means;
  }

  private static void add(Map<String, double[]> sums, String path, TensorData rows) {
    float[] values = Tensors.floats(rows);
    double[] sum =
        sums.computeIfAbsent(path, k -> new double[values.length / ConditionPairs.BATCH]);
    for (int i = 0; i < values.length; i++) {
      sum[i % sum.length] += values[i];
    }
  }
}
