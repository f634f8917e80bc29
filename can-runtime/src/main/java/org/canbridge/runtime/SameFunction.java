package org.canbridge.runtime;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * Whether a network computes what the one did that it was made from: both are run in float32 on the
 * same random inputs, and of all outputs the one that differs most in its own standard deviations
 * is looked at.
 *
 * @param output its name
 * @param largest largest absolute difference of its elements
 * @param rootMeanSquare of the difference
 * @param deviation the output's standard deviation in the network that was there first
 */
public record SameFunction(String output, double largest, double rootMeanSquare, double deviation) {
  /**
   * Largest difference, in standard deviations of the output, that another order of summation or
   * other rounding explains in float32; 1e-4 is what twenty-eight blocks of width 1152 stay far
   * below.
   */
  public static final double TOLERANCE = 1e-4;

  /** A network with its weights. */
  record Network(Graph graph, Map<String, TensorData> tensors) {
    private Map<String, TensorData> run(
        Map<String, TensorData> inputs, List<String> outputs, Target target) {
      try (Session session = Session.open(graph, tensors, target)) {
        return session.run(inputs, outputs);
      }
    }
  }

  /**
   * Runs both.
   *
   * @param inputs of both, by name
   * @param target that they run on; float32 whatever its precision
   */
  static SameFunction of(
      Network before, Network after, Map<String, TensorData> inputs, Target target) {
    Target single = target.with(Precision.F32);
    List<String> outputs = List.copyOf(before.graph().outputs().keySet());
    return of(before.run(inputs, outputs, single), after.run(inputs, outputs, single));
  }

  /** Compares outputs by name; one that is not finite differs more than all others. */
  public static SameFunction of(Map<String, TensorData> before, Map<String, TensorData> after) {
    SameFunction worst = null;
    for (Map.Entry<String, TensorData> output : before.entrySet()) {
      SameFunction found =
          of(
              output.getKey(),
              Tensors.doubles(output.getValue()),
              Tensors.doubles(after.get(output.getKey())));
      // NaN is greater than all other numbers in this order.
      worst = worst == null || Double.compare(found.share(), worst.share()) > 0 ? found : worst;
    }
    return worst;
  }

  private static SameFunction of(String output, double[] expected, double[] actual) {
    double largest = 0;
    double squares = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs(expected[i] - actual[i]);
      largest = Math.max(largest, difference); // NaN stays
      squares += difference * difference;
    }
    double mean = Arrays.stream(expected).average().orElseThrow();
    double variance =
        Arrays.stream(expected).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
    return new SameFunction(
        output, largest, Math.sqrt(squares / expected.length), Math.sqrt(variance));
  }

  /** Whether both compute the same function; not if anything is NaN or infinite. */
  public boolean holds() {
    return holds(TOLERANCE);
  }

  /**
   * Whether they are as near as that; not if anything is NaN or infinite.
   *
   * @param tolerance largest difference in standard deviations of the output
   */
  public boolean holds(double tolerance) {
    return largest <= tolerance * deviation && Double.isFinite(deviation);
  }

  /** The largest difference in standard deviations of the output. */
  public double share() {
    return largest / deviation;
  }
}
