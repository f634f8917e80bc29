package org.canbridge.verifiers.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.verifiers.ReferenceBundle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class FrechetDistanceTest {
  private static FeatureStatistics features(ReferenceBundle bundle, String name) {
    TensorData tensor = bundle.inputs().get(name);
    int width = Math.toIntExact(tensor.type().shape().get(1));
    float[] values = Tensors.floats(tensor);
    FeatureStatistics statistics = FeatureStatistics.ofWidth(width);
    for (int at = 0; at < values.length; at += width) {
      statistics.add(Arrays.copyOfRange(values, at, at + width));
    }
    return statistics;
  }

  private static double output(ReferenceBundle bundle, String name) {
    return Tensors.doubles(bundle.outputs().get("output." + name))[0];
  }

  /**
   * Of the original's two values the symmetric one is good to 1e-8 where the covariance is singular
   * and the other to 1e-8 too; of a matrix with full rank both are good to the last digits.
   */
  @ParameterizedTest
  @CsvSource({"fid-tiny, 1e-13, 1e-13, 1e-12", "fid-singular, 2e-8, 2e-8, 1e-6"})
  void equalsThePublishedTool(String name, double fid, double symmetric, double self) {
    try (ReferenceBundle bundle = ReferenceBundle.open(Fixtures.of(name))) {
      FeatureStatistics first = features(bundle, "features_1");
      FeatureStatistics second = features(bundle, "features_2");

      double distance = FrechetDistance.between(first, second);

      assertEquals(output(bundle, "fid"), distance, fid * distance);
      assertEquals(output(bundle, "fid_symmetric"), distance, symmetric * distance);
      assertEquals(distance, FrechetDistance.between(second, first), 1e-13 * distance);
      assertEquals(output(bundle, "fid_self"), FrechetDistance.between(first, first), self);
      assertEquals(0, FrechetDistance.between(first, first), 1e-12);
    }
  }

  /**
   * Without a root of any covariance: the trace is the sum of the singular values of {@code X1
   * X2^T}, centred rows over the root of n - 1, computed in numpy from the features.
   */
  @Test
  void singularCovariancesLoseNoDigits() {
    try (ReferenceBundle bundle = ReferenceBundle.open(Fixtures.of("fid-singular"))) {
      double distance =
          FrechetDistance.between(features(bundle, "features_1"), features(bundle, "features_2"));

      assertEquals(36.26887702155531, distance, 1e-12);
    }
  }

  /** Independent features: the covariances commute, and the formula is one of plain numbers. */
  @Test
  void diagonalCovariancesHaveAClosedForm() {
    FeatureStatistics first = diagonal(new double[] {1, 2, 0, 3}, new double[] {4, 1, 0, 0.25});
    FeatureStatistics second = diagonal(new double[] {0, 2, 5, 1}, new double[] {1, 9, 0, 0});

    double expected = 1 + 25 + 4 + square(2 - 1) + square(1 - 3) + 0 + square(0.5 - 0);
    assertEquals(expected, FrechetDistance.between(first, second), 1e-13 * expected);
  }

  /** Rows m +- s e_i, so that the covariance is diagonal: with 2 D rows, 2 s^2 / (2 D - 1). */
  private static FeatureStatistics diagonal(double[] mean, double[] variance) {
    int width = mean.length;
    FeatureStatistics statistics = FeatureStatistics.ofWidth(width);
    for (int i = 0; i < width; i++) {
      double deviation = Math.sqrt(variance[i] * (2 * width - 1) / 2);
      for (int sign = -1; sign <= 1; sign += 2) {
        double[] row = mean.clone();
        row[i] += sign * deviation;
        statistics.add(row);
      }
    }
    return statistics;
  }

  private static double square(double value) {
    return value * value;
  }

  @Test
  void constantFeaturesAreAsFarApartAsTheirMeans() {
    FeatureStatistics first = FeatureStatistics.ofWidth(2);
    FeatureStatistics second = FeatureStatistics.ofWidth(2);
    for (int i = 0; i < 3; i++) {
      first.add(new double[] {1, 2});
      second.add(new double[] {4, 6});
    }

    assertEquals(25, FrechetDistance.between(first, second));
    assertEquals(0, FrechetDistance.between(first, first));
  }

  @Test
  void aShiftAddsItsSquareAndAScaleItsOwn() {
    Random random = new Random(1);
    FeatureStatistics first = FeatureStatistics.ofWidth(8);
    FeatureStatistics shifted = FeatureStatistics.ofWidth(8);
    FeatureStatistics scaled = FeatureStatistics.ofWidth(8);
    for (int i = 0; i < 300; i++) {
      double common = random.nextGaussian();
      double[] row = random.doubles(8).map(v -> v + common).toArray();
      first.add(row);
      shifted.add(Arrays.stream(row).map(v -> v + 3).toArray());
      scaled.add(Arrays.stream(row).map(v -> 2 * v).toArray());
    }
    double[] covariance = first.covariance();
    double trace = 0;
    double length = 0;
    for (int i = 0; i < 8; i++) {
      trace += covariance[9 * i];
      length += square(first.mean()[i]);
    }

    assertEquals(8 * 9, FrechetDistance.between(first, shifted), 1e-12 * 72);
    // S2 = 4 S1, so the traces are (1 + 4 - 2 * 2) tr(S1).
    assertEquals(trace + length, FrechetDistance.between(first, scaled), 1e-12 * trace);
  }

  @Test
  void whatCannotBeComparedIsRefused() {
    FeatureStatistics two = FeatureStatistics.ofWidth(2);
    FeatureStatistics three = FeatureStatistics.ofWidth(3);
    String widths =
        assertThrows(IllegalArgumentException.class, () -> FrechetDistance.between(two, three))
            .getMessage();
    assertEquals("rows of 2 and of 3 features cannot be compared or merged", widths);

    two.add(new double[] {1, 2});
    String rows =
        assertThrows(IllegalStateException.class, () -> FrechetDistance.between(two, two))
            .getMessage();
    assertEquals("a covariance needs at least 2 rows of features, and there are 1", rows);

    two.add(new double[] {1e200, 2});
    assertTrue(
        assertThrows(ArithmeticException.class, () -> FrechetDistance.between(two, two))
            .getMessage()
            .contains("overflows"));
  }
}
