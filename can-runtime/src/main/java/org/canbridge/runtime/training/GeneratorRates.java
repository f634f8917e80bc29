package org.canbridge.runtime.training;

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
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * Factors of the learning rate for what generators are made of. Adam moves every element of a
 * matrix by about the learning rate, and what the matrix gives by that times the sum of its input's
 * absolute values: the condition embedding's is in the hundreds. With the inverse of that sum as a
 * factor a step moves a generated weight as far as a static one, as the learning rate's transfer
 * over widths wants it (muP: Yang et al., arXiv 2203.03466, for Adam).
 */
final class GeneratorRates {
  private static final String PREFIX = "can.";
  private static final String SUFFIX = ".weight";

  private GeneratorRates() {}

  /**
   * A factor for the weight of each linear map of {@code can.}: one over the mean over {@link
   * ConditionPairs} of the sum of its input's absolute values, but at most 1.
   *
   * @param weights that the training begins with
   */
  static Map<String, Double> of(
      Graph graph, Objective objective, Map<String, TensorData> weights, Target target) {
    Map<Node, List<String>> fed = new LinkedHashMap<>();
    for (Node node : graph.nodes()) {
      if (node.op() instanceof LinearOp.Linear
          && node.inputs().get(1).op() instanceof Op.Parameter weight
          && weight.name().startsWith(PREFIX)
          && weight.name().endsWith(SUFFIX)) {
        fed.computeIfAbsent(node.inputs().get(0), n -> new ArrayList<>()).add(weight.name());
      }
    }
    Map<String, Node> inputs = new LinkedHashMap<>();
    fed.forEach((node, names) -> inputs.put(names.get(0), node));
    Map<String, Double> sums = new LinkedHashMap<>();
    if (!inputs.isEmpty()) {
      Graph part = graph.only(inputs);
      try (Session session = Session.open(part, weights, target.with(Precision.F32))) {
        for (int from = 0; from < ConditionPairs.COUNT; from += ConditionPairs.BATCH) {
          session
              .run(ConditionPairs.inputs(part, objective, from), List.copyOf(inputs.keySet()))
              .forEach((name, value) -> sums.merge(name, sum(value), Double::sum));
        }
      }
    }
    Map<String, Double> rates = new LinkedHashMap<>();
    fed.forEach(
        (node, names) -> {
          double mean = sums.get(names.get(0)) / ConditionPairs.COUNT;
          names.forEach(name -> rates.put(name, Math.min(1, 1 / mean)));
        });
    return rates;
  }

  private static double sum(TensorData values) {
    double sum = 0;
    for (float value : Tensors.floats(values)) {
      sum += Math.abs(value);
    }
    return sum;
  }
}
