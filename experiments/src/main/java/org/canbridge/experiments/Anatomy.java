package org.canbridge.experiments;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.canbridge.importers.family.Objective;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.ConditionPairs;
import org.canbridge.runtime.graph.Initializer.Usual;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.Tensors;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;

/**
 * What a network's condition embedding c is like over timesteps and labels, and so what generators
 * that are linear in it are given. AdamW moves every term of a generated weight by the learning
 * rate a step, so that the weight moves by the rate times the sum of {@code |g|}.
 *
 * @param width D
 * @param norm root mean square of |c|
 * @param meanNorm |mean of c|
 * @param first share of the variance around the mean that lies in one direction
 * @param sixteen the same in sixteen
 * @param classes share of the variance that lies between the classes
 * @param sum mean of the sum of |c_i|: what a generator without projection is given
 * @param projected the same of a random projection of the paper's width for convolutions, 256, or
 *     as much as D
 */
record Anatomy(
    int width,
    double norm,
    double meanNorm,
    double first,
    double sixteen,
    double classes,
    double sum,
    double projected) {
  private static final int PROJECTED = 256;
  private static final int SOME = 16;

  /** Heads of the columns of {@link #cells}. */
  static final String HEADS =
      "| D | norm of c | of its mean | variance in 1 direction % | in 16 | between classes % | sum"
          + " of abs(c) | of abs(P c), P random |";

  /** Of all that a network is conditioned on. */
  static Anatomy of(Model model) {
    Objective objective = model.objective().orElseThrow();
    ConditionRows rows =
        ConditionRows.of(
            model.source(), CanCondition.ALL, objective, model.checkpoint().tensors(), Target.F32);
    double[] mean = rows.mean();
    DMatrixRMaj covariance = covariance(rows.rows(), mean);
    double[] variances = variances(covariance);
    double total = Arrays.stream(variances).sum();
    return new Anatomy(
        mean.length,
        Math.sqrt(rows.rows().stream().mapToDouble(Anatomy::square).average().orElseThrow()),
        Math.sqrt(Arrays.stream(mean).map(m -> m * m).sum()),
        variances[0] / total,
        Arrays.stream(variances).limit(SOME).sum() / total,
        between(rows.rows(), objective, mean) / total,
        rows.rows().stream().mapToDouble(Anatomy::sum).average().orElseThrow(),
        projected(rows.rows()));
  }

  private static double square(float... values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return sum;
  }

  private static double sum(float... values) {
    double sum = 0;
    for (float value : values) {
      sum += Math.abs(value);
    }
    return sum;
  }

  private static DMatrixRMaj covariance(List<float[]> rows, double... mean) {
    DMatrixRMaj covariance = new DMatrixRMaj(mean.length, mean.length);
    for (float[] row : rows) {
      for (int i = 0; i < mean.length; i++) {
        double deviation = (row[i] - mean[i]) / rows.size();
        for (int j = 0; j < mean.length; j++) {
          covariance.data[i * mean.length + j] += deviation * (row[j] - mean[j]);
        }
      }
    }
    return covariance;
  }

  /** Largest first. */
  private static double[] variances(DMatrixRMaj covariance) {
    EigenDecomposition_F64<DMatrixRMaj> eigen =
        DecompositionFactory_DDRM.eig(covariance.numRows, false, true);
    eigen.decompose(covariance);
    double[] values = new double[covariance.numRows];
    for (int i = 0; i < values.length; i++) {
      values[i] = -eigen.getEigenvalue(i).getReal();
    }
    Arrays.sort(values);
    return Arrays.stream(values).map(v -> -v).toArray();
  }

  /** Variance of the classes' means. */
  private static double between(List<float[]> rows, Objective objective, double... mean) {
    Map<Long, double[]> sums = new TreeMap<>();
    Map<Long, Integer> counts = new TreeMap<>();
    for (int k = 0; k < rows.size(); k++) {
      long label = ConditionPairs.label(objective, k);
      counts.merge(label, 1, Integer::sum);
      double[] sum = sums.computeIfAbsent(label, l -> new double[mean.length]);
      for (int i = 0; i < mean.length; i++) {
        sum[i] += rows.get(k)[i];
      }
    }
    double variance = 0;
    for (Map.Entry<Long, double[]> entry : sums.entrySet()) {
      int count = counts.get(entry.getKey());
      for (int i = 0; i < mean.length; i++) {
        double deviation = entry.getValue()[i] / count - mean[i];
        variance += deviation * deviation * count / rows.size();
      }
    }
    return variance;
  }

  private static double projected(List<float[]> rows) {
    int width = rows.get(0).length;
    int outputs = Math.min(PROJECTED, width);
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(1);
    float[] matrix = Tensors.floats(Usual.FAN_IN.values(Shape.of(outputs, width), random));
    double sum = 0;
    for (float[] row : rows) {
      for (int i = 0; i < outputs; i++) {
        double value = 0;
        for (int j = 0; j < width; j++) {
          value += (double) matrix[i * width + j] * row[j];
        }
        sum += Math.abs(value) / rows.size();
      }
    }
    return sum;
  }

  /** A line of a table in Markdown, without its first cell. */
  String cells() {
    return String.format(
        Locale.ROOT,
        "| %d | %.2f | %.2f | %.0f | %.0f | %.1f | %.1f | %.1f |",
        width,
        norm,
        meanNorm,
        100 * first,
        100 * sixteen,
        100 * classes,
        sum,
        projected);
  }
}
