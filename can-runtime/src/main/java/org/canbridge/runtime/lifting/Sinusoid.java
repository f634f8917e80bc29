package org.canbridge.runtime.lifting;

import java.util.List;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.LookupOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.lifting.Value.Angles;
import org.canbridge.runtime.lifting.Value.Angles.Part;

/** The sinusoid of a timestep, from the frequencies that the exporter has written out. */
final class Sinusoid {
  private static final double USUAL_PERIOD = 10_000;

  /** Frequencies are float32, computed in one of several ways. */
  private static final double TOLERANCE = 1e-5;

  private Sinusoid() {}

  /**
   * Sines and cosines beside each other, in either order.
   *
   * @param parts at least one of which is {@link Angles}
   * @param last whether they are joined along the last axis
   */
  static View of(GraphBuilder g, List<Value> parts, boolean last) {
    View.check(
        last
            && parts.size() == 2
            && parts.get(0) instanceof Angles
            && parts.get(1) instanceof Angles,
        "sines and cosines of timesteps that are not side by side");
    Angles first = (Angles) parts.get(0);
    Angles second = (Angles) parts.get(1);
    View.check(
        first.frequencies().equals(second.frequencies())
            && first.t().base() == second.t().base()
            && first.part() != second.part()
            && first.part() != Part.NONE
            && second.part() != Part.NONE,
        "sines and cosines of different angles");
    Node sinusoid = sinusoid(g, first);
    List<Node> halves = first.part() == Part.COSINES ? List.of() : g.chunk(sinusoid, 2);
    return View.of(halves.isEmpty() ? sinusoid : g.concat(1, halves.get(1), halves.get(0)));
  }

  private static Node sinusoid(GraphBuilder g, Angles angles) {
    List<Double> frequencies = angles.frequencies();
    double first = frequencies.get(0);
    Node t = Layouts.batchFirst(g, angles.t()).base();
    Node scaled = first == 1 ? t : g.mulScalar(t, first);
    return g.add(operation(frequencies), null, scaled);
  }

  private static LookupOp.TimestepEmbedding operation(List<Double> frequencies) {
    int half = frequencies.size();
    double decay = Math.log(frequencies.get(0) / frequencies.get(half - 1)) / (half - 1);
    List<LookupOp.TimestepEmbedding> candidates =
        List.of(
            new LookupOp.TimestepEmbedding(2 * half, USUAL_PERIOD, 0),
            new LookupOp.TimestepEmbedding(2 * half, USUAL_PERIOD, 1),
            new LookupOp.TimestepEmbedding(2 * half, Math.exp(decay * half), 0));
    return candidates.stream()
        .filter(candidate -> fits(candidate, frequencies))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("frequencies that are no geometric series"));
  }

  private static boolean fits(LookupOp.TimestepEmbedding op, List<Double> frequencies) {
    int half = frequencies.size();
    double decay = Math.log(op.maxPeriod()) / (half - op.shift());
    for (int i = 0; i < half; i++) {
      double expected = Math.exp(-decay * i);
      double actual = frequencies.get(i) / frequencies.get(0);
      if (!(Math.abs(actual - expected) <= TOLERANCE * expected)) {
        return false;
      }
    }
    return true;
  }
}
