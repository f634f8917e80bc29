package org.canbridge.verifiers.metrics;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.safetensors.SafetensorsFile;

/** The file of {@link FeatureStatistics#save}, checked when it is read. */
final class StatisticsFile {
  static final String MU = "mu";
  static final String SIGMA = "sigma";
  static final String COUNT = "count";

  /** How far from symmetric a covariance may be, of its largest element: rounding, no more. */
  private static final double ASYMMETRY = 1e-9;

  private static final String NEXT = "write the statistics again from the features";

  private StatisticsFile() {}

  static FeatureStatistics read(Path path) {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      Map<String, TensorData> tensors = file.tensors();
      if (!tensors.keySet().equals(Set.of(MU, SIGMA, COUNT))) {
        throw InputFileException.of(StatisticsProblem.TENSORS, path)
            .what("these are not the statistics of features")
            .expected("the tensors count, mu and sigma")
            .actual(tensors.isEmpty() ? "none" : String.join(", ", new TreeSet<>(tensors.keySet())))
            .next(NEXT)
            .build();
      }
      List<Long> shape = tensors.get(MU).type().shape();
      long width = shape.size() == 1 ? Math.max(shape.get(0), 1) : 1;
      requireType(path, MU, tensors, TensorType.of(DType.F64, width));
      requireType(path, SIGMA, tensors, TensorType.of(DType.F64, width, width));
      requireType(path, COUNT, tensors, TensorType.of(DType.I64));
      long count = Tensors.longs(tensors.get(COUNT))[0];
      if (count < 2) {
        throw wrong(path, COUNT, "a covariance is of two rows at least", "2 or more", count);
      }
      double[] mean = finite(path, MU, tensors.get(MU));
      double[] covariance = finite(path, SIGMA, tensors.get(SIGMA));
      requireCovariance(path, mean.length, covariance);
      return FeatureStatistics.of(count, mean, covariance);
    }
  }

  private static void requireType(
      Path path, String name, Map<String, TensorData> tensors, TensorType expected) {
    TensorType actual = tensors.get(name).type();
    if (!actual.equals(expected)) {
      throw InputFileException.of(StatisticsProblem.TENSORS, path)
          .what("a tensor of the statistics has another type or shape")
          .expected(expected)
          .actual(actual)
          .key(name)
          .next(NEXT)
          .build();
    }
  }

  private static double[] finite(Path path, String name, TensorData tensor) {
    double[] values = Tensors.doubles(tensor);
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i])) {
        throw wrong(
            path,
            name,
            "the statistics are not finite",
            "finite numbers",
            values[i] + " at element " + i);
      }
    }
    return values;
  }

  private static void requireCovariance(Path path, int width, double[] sigma) {
    double largest = 0;
    for (double value : sigma) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < width; i++) {
      if (sigma[i * width + i] < 0) {
        throw wrong(
            path,
            SIGMA,
            "a variance is negative",
            "0 or more on the diagonal",
            sigma[i * width + i] + " at [" + i + ", " + i + "]");
      }
      for (int j = 0; j < i; j++) {
        double below = sigma[i * width + j];
        double above = sigma[j * width + i];
        if (Math.abs(below - above) > ASYMMETRY * largest) {
          throw wrong(
              path,
              SIGMA,
              "the covariance is not symmetric",
              above + ", as at [" + j + ", " + i + "]",
              below + " at [" + i + ", " + j + "]");
        }
      }
    }
  }

  private static InputFileException wrong(
      Path path, String key, String what, String expected, Object actual) {
    return InputFileException.of(StatisticsProblem.VALUES, path)
        .what(what)
        .expected(expected)
        .actual(actual)
        .key(key)
        .next(NEXT)
        .build();
  }
}
