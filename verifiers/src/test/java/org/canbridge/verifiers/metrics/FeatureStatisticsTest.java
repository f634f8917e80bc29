package org.canbridge.verifiers.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Problem;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.canbridge.verifiers.ReferenceBundle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class FeatureStatisticsTest {
  @TempDir Path folder;

  private static FeatureStatistics of(int width, double[] values, int from, int to) {
    FeatureStatistics statistics = FeatureStatistics.ofWidth(width);
    for (int row = from; row < to; row++) {
      statistics.add(Arrays.copyOfRange(values, row * width, (row + 1) * width));
    }
    return statistics;
  }

  private static double[] random(int rows, int width, double offset) {
    Random random = new Random(7);
    double[] values = new double[rows * width];
    for (int row = 0; row < rows; row++) {
      double common = random.nextGaussian();
      for (int i = 0; i < width; i++) {
        values[row * width + i] = offset + common + (i + 1) * random.nextGaussian();
      }
    }
    return values;
  }

  /** By definition, two passes, no blocks. */
  private static double[] covariance(int rows, int width, double[] values) {
    double[] mean = new double[width];
    for (int i = 0; i < values.length; i++) {
      mean[i % width] += values[i] / rows;
    }
    double[] covariance = new double[width * width];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < width; i++) {
        for (int j = 0; j < width; j++) {
          covariance[i * width + j] +=
              (values[row * width + i] - mean[i]) * (values[row * width + j] - mean[j]);
        }
      }
    }
    return Arrays.stream(covariance).map(v -> v / (rows - 1)).toArray();
  }

  @ParameterizedTest
  @CsvSource({"fid-tiny, 1", "fid-tiny, 2", "fid-singular, 1", "fid-singular, 2"})
  void equalsThePublishedTool(String name, String set) {
    try (ReferenceBundle bundle = ReferenceBundle.open(Fixtures.of(name))) {
      TensorData features = bundle.inputs().get("features_" + set);
      int width = Math.toIntExact(features.type().shape().get(1));
      int rows = Math.toIntExact(features.type().shape().get(0));

      FeatureStatistics statistics = of(width, Tensors.doubles(features), 0, rows);

      assertEquals(rows, statistics.count());
      assertArrayEquals(
          Tensors.doubles(bundle.outputs().get("output.mu_" + set)), statistics.mean(), 1e-15);
      assertArrayEquals(
          Tensors.doubles(bundle.outputs().get("output.sigma_" + set)),
          statistics.covariance(),
          2e-15);
    }
  }

  /** The sum of squares less the square of the sum would keep no digit here. */
  @Test
  void aLargeMeanCostsNoDigits() {
    double[] values = random(1000, 3, 1e8);

    FeatureStatistics statistics = of(3, values, 0, 1000);

    assertArrayEquals(covariance(1000, 3, values), statistics.covariance(), 1e-6);
  }

  /** Sizes around the block's, and an empty one. */
  @ParameterizedTest
  @CsvSource({"0, 700", "1, 699", "255, 445", "256, 444", "257, 443", "512, 188", "700, 0"})
  void partsMergeToTheWhole(int first, int second) {
    double[] values = random(700, 5, 10);
    FeatureStatistics merged = of(5, values, 0, first);
    FeatureStatistics rest = of(5, values, first, first + second);

    merged.merge(rest);

    assertEquals(700, merged.count());
    assertEquals(second, rest.count());
    FeatureStatistics whole = of(5, values, 0, 700);
    assertArrayEquals(whole.mean(), merged.mean(), 1e-13);
    assertArrayEquals(covariance(700, 5, values), merged.covariance(), 1e-12);
    assertArrayEquals(whole.covariance(), merged.covariance(), 1e-12);
  }

  @Test
  void mergingWithItselfDoublesTheRows() {
    double[] values = random(10, 2, 0);
    FeatureStatistics statistics = of(2, values, 0, 10);

    statistics.merge(statistics);

    double[] twice = Arrays.copyOf(values, 40);
    System.arraycopy(values, 0, twice, 20, 20);
    assertEquals(20, statistics.count());
    assertArrayEquals(covariance(20, 2, twice), statistics.covariance(), 1e-14);
  }

  @Test
  void askingInBetweenChangesNothingButTheBlocks() {
    double[] values = random(300, 4, 1);
    FeatureStatistics asked = of(4, values, 0, 100);
    asked.mean();
    for (int row = 100; row < 300; row++) {
      asked.add(Arrays.copyOfRange(values, row * 4, row * 4 + 4));
    }

    assertArrayEquals(covariance(300, 4, values), asked.covariance(), 1e-13);
  }

  @Test
  void storedStatisticsGoOnWhereTheyWere() throws IOException {
    double[] values = random(400, 4, 2);
    Path file = folder.resolve("statistics.safetensors");
    FeatureStatistics statistics = of(4, values, 0, 250);
    statistics.save(file);

    FeatureStatistics loaded = FeatureStatistics.load(file);

    assertEquals(250, loaded.count());
    assertArrayEquals(statistics.mean(), loaded.mean());
    assertArrayEquals(statistics.covariance(), loaded.covariance(), 1e-14);
    for (int row = 250; row < 400; row++) {
      loaded.add(Arrays.copyOfRange(values, row * 4, row * 4 + 4));
    }
    assertArrayEquals(covariance(400, 4, values), loaded.covariance(), 1e-12);
  }

  @Test
  void badRowsAreRefusedAndLeaveNothing() {
    FeatureStatistics statistics = FeatureStatistics.ofWidth(2);
    statistics.add(new float[] {1, 2});

    assertEquals(
        "row 1 has 3 features, those before have 2",
        assertThrows(IllegalArgumentException.class, () -> statistics.add(new float[3]))
            .getMessage());
    assertEquals(
        "feature 1 of row 1 is NaN, not a finite number",
        assertThrows(
                IllegalArgumentException.class, () -> statistics.add(new double[] {0, Double.NaN}))
            .getMessage());
    assertEquals(1, statistics.count());
    assertArrayEquals(new double[] {1, 2}, statistics.mean());
    assertEquals(
        "a covariance needs at least 2 rows of features, and there are 1",
        assertThrows(IllegalStateException.class, statistics::covariance).getMessage());
    assertThrows(IllegalArgumentException.class, () -> FeatureStatistics.ofWidth(0));
    assertThrows(
        IllegalArgumentException.class, () -> statistics.merge(FeatureStatistics.ofWidth(3)));
  }

  @Test
  void aFileThatHoldsNoStatisticsIsRefused() throws IOException {
    Map<String, TensorData> good = new LinkedHashMap<>();
    good.put("mu", MemoryTensor.of(new double[] {1, 2}, 2));
    good.put("sigma", MemoryTensor.of(new double[] {2, 1, 1, 2}, 2, 2));
    good.put("count", MemoryTensor.of(new long[] {9}));
    assertEquals(9, FeatureStatistics.load(write(good)).count());

    Map<String, TensorData> missing = new LinkedHashMap<>(good);
    missing.remove("count");
    refused(missing, StatisticsProblem.TENSORS, "actual: mu, sigma");
    refused(
        with(good, "mu", MemoryTensor.of(new float[] {1, 2}, 2)),
        StatisticsProblem.TENSORS,
        "actual: F32[2]");
    refused(
        with(good, "sigma", MemoryTensor.of(new double[] {1}, 1, 1)),
        StatisticsProblem.TENSORS,
        "expected: F64[2, 2]");
    refused(
        with(good, "count", MemoryTensor.of(new long[] {1})),
        StatisticsProblem.VALUES,
        "actual: 1");
    refused(
        with(good, "mu", MemoryTensor.of(new double[] {1, Double.NaN}, 2)),
        StatisticsProblem.VALUES,
        "NaN at element 1");
    refused(
        with(good, "sigma", MemoryTensor.of(new double[] {2, 1, 1, -2}, 2, 2)),
        StatisticsProblem.VALUES,
        "-2.0 at [1, 1]");
    refused(
        with(good, "sigma", MemoryTensor.of(new double[] {2, 1, 0.5, 2}, 2, 2)),
        StatisticsProblem.VALUES,
        "0.5 at [1, 0]");
  }

  private static Map<String, TensorData> with(
      Map<String, TensorData> tensors, String name, TensorData value) {
    Map<String, TensorData> changed = new LinkedHashMap<>(tensors);
    changed.put(name, value);
    return changed;
  }

  private Path write(Map<String, TensorData> tensors) throws IOException {
    Path file = folder.resolve("bad.safetensors");
    SafetensorsWriter.write(file, tensors, Map.of());
    return file;
  }

  private void refused(Map<String, TensorData> tensors, Problem problem, String part)
      throws IOException {
    Path file = write(tensors);
    InputFileException e =
        assertThrows(InputFileException.class, () -> FeatureStatistics.load(file));
    assertEquals(problem, e.problem());
    assertEquals(true, e.getMessage().contains(part), e.getMessage());
  }
}
