package org.canbridge.runtime.family.dit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.family.Objective;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.NetworkInput;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.ConstantTensor;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.Tensors;

/**
 * First values for a DiT without adaptive layer norms: shift, scale and gate of each block at their
 * mean over timestep and label. The mean is taken over pairs of a low-discrepancy sequence (the
 * generalised golden ratio in two dimensions), which covers all timesteps and rows of the label
 * table evenly.
 */
public final class MeanModulation {
  private static final int PAIRS = 2048;
  private static final int BATCH = 64;

  /** The inverse of the plastic number, the real root of {@code x^3 = x + 1}, and its square. */
  private static final double FIRST = 0.7548776662466927;

  private static final double SECOND = FIRST * FIRST;
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
      for (int from = 0; from < PAIRS; from += BATCH) {
        session
            .run(pairs(source, objective, from), modules)
            .forEach((path, rows) -> add(sums, path, rows));
      }
    }
    Map<String, TensorData> means = new LinkedHashMap<>();
    sums.forEach(
        (path, sum) -> {
          float[] mean = new float[sum.length];
          for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) (sum[i] / PAIRS);
          }
          means.put(path + ".bias", MemoryTensor.of(mean, mean.length));
        });
    return means;
  }

  private static Map<String, TensorData> pairs(Graph source, Objective objective, int from) {
    float[] t = new float[BATCH];
    long[] y = new long[BATCH];
    for (int i = 0; i < BATCH; i++) {
      t[i] = (float) objective.timestep(fraction((from + i) * FIRST));
      y[i] = (long) (objective.labelRows() * fraction((from + i) * SECOND));
    }
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    for (Op.Input input : source.inputs()) {
      TensorData tensor =
          NetworkInput.TIMESTEP.is(input)
              ? MemoryTensor.of(t, BATCH)
              : NetworkInput.LABEL.is(input)
                  ? MemoryTensor.of(y, BATCH)
                  : ConstantTensor.zeros(TensorType.of(DType.F32, input.shape().resolve(BATCH)));
      inputs.put(input.name(), tensor);
    }
    return inputs;
  }

  private static double fraction(double value) {
    return value - Math.floor(value);
  }

  private static void add(Map<String, double[]> sums, String path, TensorData rows) {
    float[] values = Tensors.floats(rows);
    double[] sum = sums.computeIfAbsent(path, k -> new double[values.length / BATCH]);
    for (int i = 0; i < values.length; i++) {
      sum[i % sum.length] += values[i];
    }
  }
}
