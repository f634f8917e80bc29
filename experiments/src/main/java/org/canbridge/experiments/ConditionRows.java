package org.canbridge.experiments;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.family.Objective;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.ConditionPairs;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * The condition embedding {@code c} of a network over {@link ConditionPairs}.
 *
 * @param rows {@code c (D)} of each pair
 */
record ConditionRows(List<float[]> rows) {
  private static final String CONDITION = "condition";

  /** Keeps its own copy. */
  ConditionRows {
    rows = List.copyOf(rows);
  }

  /**
   * Runs the part of a network that makes its condition.
   *
   * @param graph with a condition of this kind
   * @param weights by name; more than the graph needs is allowed
   */
  static ConditionRows of(
      Graph graph,
      CanCondition condition,
      Objective objective,
      Map<String, TensorData> weights,
      Target target) {
    Graph part =
        graph.only(Map.of(CONDITION, CanPreset.conditionNode(graph, condition).orElseThrow()));
    List<float[]> rows = new ArrayList<>();
    try (Session session = Session.open(part, weights, target.with(Precision.F32))) {
      for (int from = 0; from < ConditionPairs.COUNT; from += ConditionPairs.BATCH) {
        Map<String, TensorData> inputs = ConditionPairs.inputs(part, objective, from);
        float[] values = Tensors.floats(session.run(inputs, List.of(CONDITION)).get(CONDITION));
        int width = values.length / ConditionPairs.BATCH;
        for (int i = 0; i < ConditionPairs.BATCH; i++) {
          rows.add(Arrays.copyOfRange(values, i * width, (i + 1) * width));
        }
      }
    }
    return new ConditionRows(rows);
  }

  /** Width D. */
  int width() {
    return rows.get(0).length;
  }

  /** The mean over all pairs, (D). */
  double[] mean() {
    double[] mean = new double[width()];
    for (float[] row : rows) {
      for (int i = 0; i < mean.length; i++) {
        mean[i] += (double) row[i] / rows.size();
      }
    }
    return mean;
  }
}
