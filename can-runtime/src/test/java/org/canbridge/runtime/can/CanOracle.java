package org.canbridge.runtime.can;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Role;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.Tensors;

/**
 * The naive way: each sample on its own, in float64, through the static network whose weights are
 * {@code W + W_c} of that sample, {@code W_c} being computed here with plain loops.
 */
final class CanOracle implements AutoCloseable {
  private final CompiledNetwork fixed;
  private final List<CompiledNetwork> conditions = new ArrayList<>();
  private final CanSpec spec;
  private final Map<String, TensorData> weights;

  CanOracle(Graph base, Graph can, CanSpec spec, Map<String, TensorData> weights) {
    this.spec = spec;
    this.weights = weights;
    this.fixed =
        new CompiledNetwork(
            CanRewriter.rewrite(base, spec.withoutGenerators()), "output", Precision.F64);
    for (Role role : List.of(Role.TIME_EMBED, Role.LABEL_EMBED)) {
      boolean used = spec.condition() == CanCondition.ALL || spec.condition().role() == role;
      if (used && !can.withRole(role).isEmpty()) {
        conditions.add(new CompiledNetwork(tapped(can, role), role.name(), Precision.F64));
      }
    }
  }

  /** The output of the whole batch. */
  double[] output(Map<String, TensorData> inputs, int batch) {
    double[] conditions = conditions(inputs);
    int width = conditions.length / batch;
    double[] all = null;
    for (int sample = 0; sample < batch; sample++) {
      double[] c = Arrays.copyOfRange(conditions, sample * width, (sample + 1) * width);
      double[] alone = fixed.run(baked(c), row(inputs, sample, batch));
      all = all == null ? new double[alone.length * batch] : all;
      System.arraycopy(alone, 0, all, sample * alone.length, alone.length);
    }
    return all;
  }

  /** The output of the network as if nothing were generated. */
  double[] without(Map<String, TensorData> inputs) {
    return fixed.run(weights, inputs);
  }

  private double[] conditions(Map<String, TensorData> inputs) {
    double[] sum = null;
    for (CompiledNetwork condition : conditions) {
      double[] part = condition.run(weights, inputs);
      for (int i = 0; sum != null && i < part.length; i++) {
        part[i] += sum[i];
      }
      sum = part;
    }
    return sum;
  }

  /** The network with a node of this role, which need not be a module's value, as an output. */
  private static Graph tapped(Graph can, Role role) {
    GraphBuilder tapped = GraphBuilder.extending(can);
    tapped.output(role.name(), can.withRole(role).get(0));
    return tapped.build();
  }

  private Map<String, TensorData> baked(double[] c) {
    Map<String, TensorData> baked = new LinkedHashMap<>(weights);
    for (CanSpec.Generator generator : spec.generators()) {
      double[] rows = rows(generator, c);
      for (String layer : generator.layers()) {
        int used = addTo(baked, layer + ".weight", rows, 0);
        if (used < rows.length) {
          used += addTo(baked, layer + ".bias", rows, used);
        }
        if (used != rows.length) {
          throw new AssertionError(generator + " makes " + rows.length + ", used are " + used);
        }
      }
    }
    return baked;
  }

  private static int addTo(Map<String, TensorData> baked, String name, double[] rows, int from) {
    double[] sum = Tensors.doubles(baked.get(name));
    for (int i = 0; i < sum.length; i++) {
      sum[i] += rows[from + i];
    }
    baked.put(name, MemoryTensor.of(sum, shape(baked.get(name))));
    return sum.length;
  }

  private double[] rows(CanSpec.Generator generator, double[] c) {
    String name = "can." + generator.name();
    if (generator.form() instanceof CanSpec.Select) {
      double[] scores = affine(name + ".select", c);
      double total = Arrays.stream(scores).map(Math::exp).sum();
      double[] kernels = Tensors.doubles(weights.get(name + ".kernels"));
      double[] rows = new double[kernels.length / scores.length];
      for (int i = 0; i < kernels.length; i++) {
        rows[i % rows.length] += Math.exp(scores[i / rows.length]) / total * kernels[i];
      }
      return rows;
    }
    int width =
        generator.form() instanceof CanSpec.LowRank low
            ? low.inputWidth()
            : ((CanSpec.Linear) generator.form()).inputWidth();
    double[] input = width == c.length ? c : affine("can.project." + width, c);
    double[] made = affine(name, input);
    if (generator.form() instanceof CanSpec.Linear) {
      return made;
    }
    int rank = ((CanSpec.LowRank) generator.form()).rank();
    double[] left = Tensors.doubles(weights.get(name + ".left"));
    double[] right = Tensors.doubles(weights.get(name + ".right"));
    int outputs = left.length / rank;
    int columns = right.length / rank;
    int biases = made.length - rank * rank;
    double[] rows = new double[outputs * columns + biases];
    for (int o = 0; o < outputs; o++) {
      for (int i = 0; i < columns; i++) {
        for (int a = 0; a < rank; a++) {
          for (int b = 0; b < rank; b++) {
            rows[o * columns + i] +=
                left[o * rank + a] * made[a * rank + b] * right[b * columns + i];
          }
        }
      }
    }
    System.arraycopy(made, rank * rank, rows, outputs * columns, biases);
    return rows;
  }

  private double[] affine(String name, double[] x) {
    double[] matrix = Tensors.doubles(weights.get(name + ".weight"));
    TensorData bias = weights.get(name + ".bias");
    double[] y = bias == null ? new double[matrix.length / x.length] : Tensors.doubles(bias);
    for (int i = 0; i < matrix.length; i++) {
      y[i / x.length] += matrix[i] * x[i % x.length];
    }
    return y;
  }

  private static Map<String, TensorData> row(
      Map<String, TensorData> inputs, int sample, int batch) {
    Map<String, TensorData> row = new LinkedHashMap<>();
    inputs.forEach(
        (name, tensor) -> {
          long[] shape = shape(tensor);
          shape[0] = 1;
          int bytes = (int) tensor.type().bytes() / batch;
          TensorType type = TensorType.of(tensor.type().dtype(), shape);
          row.put(name, MemoryTensor.of(type, tensor.bytes((long) sample * bytes, bytes)));
        });
    return row;
  }

  private static long[] shape(TensorData tensor) {
    return tensor.type().shape().stream().mapToLong(Long::longValue).toArray();
  }

  /** One value of a network. */
  static double[] run(
      Graph graph,
      Map<String, TensorData> weights,
      Map<String, TensorData> inputs,
      String value,
      Precision precision) {
    try (Session session = Session.open(graph, weights, Target.of(precision))) {
      return Tensors.doubles(session.run(inputs, List.of(value)).get(value));
    }
  }

  @Override
  public void close() {
    fixed.close();
    conditions.forEach(CompiledNetwork::close);
  }

  /** Length of the difference relative to that of {@code expected}; NaN if there is one. */
  static double relativeError(double[] expected, double[] actual) {
    if (expected.length != actual.length) {
      throw new AssertionError(expected.length + " and " + actual.length + " elements");
    }
    double difference = 0;
    double length = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += (expected[i] - actual[i]) * (expected[i] - actual[i]);
      length += expected[i] * expected[i];
    }
    return Math.sqrt(difference / length);
  }
}
