package org.canbridge.runtime.family;

import java.util.LinkedHashMap;
import java.util.Map;
import org.canbridge.importers.family.Objective;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.ConstantTensor;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;

/**
 * Pairs of timestep and label that cover all timesteps and all rows of the label table evenly: a
 * low-discrepancy sequence, the generalised golden ratio in two dimensions. What depends on them
 * alone is known from a checkpoint without data.
 */
public final class ConditionPairs {
  /** How many there are, a multiple of {@link #BATCH}. */
  public static final int COUNT = 2048;

  /** How many {@link #inputs} gives at a time. */
  public static final int BATCH = 64;

  /** The inverse of the plastic number, the real root of {@code x^3 = x + 1}, and its square. */
  private static final double FIRST = 0.7548776662466927;

  private static final double SECOND = FIRST * FIRST;

  private ConditionPairs() {}

  /**
   * A network's inputs for some pairs; images and texts are zero.
   *
   * @param from number of the first pair
   */
  public static Map<String, TensorData> inputs(Graph graph, Objective objective, int from) {
    float[] t = new float[BATCH];
    long[] y = new long[BATCH];
    for (int i = 0; i < BATCH; i++) {
      t[i] = (float) objective.timestep(fraction((from + i) * FIRST));
      y[i] = label(objective, from + i);
    }
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    for (Op.Input input : graph.inputs()) {
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

  /** The label of a pair. */
  public static long label(Objective objective, int pair) {
    return (long) (objective.labelRows() * fraction(pair * SECOND));
  }

  private static double fraction(double value) {
    return value - Math.floor(value);
  }
}
