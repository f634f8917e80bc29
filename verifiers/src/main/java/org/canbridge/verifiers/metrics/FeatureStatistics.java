package org.canbridge.verifiers.metrics;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.mult.MatrixMultProduct_DDRM;

/**
 * Mean and covariance of a set of feature vectors that is never in memory as a whole: 50,000 rows
 * of 2,048 features take as much as two covariance matrices, 67 MB, and a block of rows. All
 * arithmetic is in float64.
 *
 * <p>Rows are gathered in blocks. A block's mean and its sum of products of deviations from that
 * mean are exact to rounding, whatever the size of the mean, and are joined to those of the rows
 * before by the update of Chan, Golub and LeVeque (1979); two sets are merged in the same way. The
 * result depends on the order of the rows in its last bits only, and the same rows in the same
 * order give the same bits.
 *
 * <p>Not safe for use by several threads: give each its own and merge them.
 */
public final class FeatureStatistics {
  /** Rows a block: enough that the products dominate, few enough to be small beside the matrix. */
  private static final int BLOCK = 256;

  private final int width;
  private long count;
  private final double[] mean;

  /** The sum of products of deviations from the mean, (D, D). */
  private final DMatrixRMaj scatter;

  private final DMatrixRMaj block;
  private int pending;

  private FeatureStatistics(int width) {
    this.width = width;
    this.mean = new double[width];
    this.scatter = new DMatrixRMaj(width, width);
    this.block = new DMatrixRMaj(BLOCK, width);
  }

  /**
   * Statistics of no rows yet.
   *
   * @param width D, the number of features in a row
   */
  public static FeatureStatistics ofWidth(int width) {
    if (width < 1) {
      throw new IllegalArgumentException("a row has at least one feature: " + width);
    }
    return new FeatureStatistics(width);
  }

  /** Statistics that were computed before; the arrays are copied. */
  static FeatureStatistics of(long count, double[] mean, double[] covariance) {
    FeatureStatistics statistics = ofWidth(mean.length);
    statistics.count = count;
    System.arraycopy(mean, 0, statistics.mean, 0, mean.length);
    for (int i = 0; i < covariance.length; i++) {
      statistics.scatter.data[i] = covariance[i] * (count - 1);
    }
    return statistics;
  }

  /**
   * Adds a row.
   *
   * @param row (D)
   * @throws IllegalArgumentException if it has another width, or a feature is not finite; nothing
   *     is added then
   */
  public void add(float[] row) {
    double[] wide = new double[row.length];
    Arrays.setAll(wide, i -> row[i]);
    add(wide);
  }

  /**
   * Adds a row.
   *
   * @param row (D)
   * @throws IllegalArgumentException if it has another width, or a feature is not finite; nothing
   *     is added then
   */
  public void add(double[] row) {
    if (row.length != width) {
      throw new IllegalArgumentException(
          "row " + count() + " has " + row.length + " features, those before have " + width);
    }
    for (int i = 0; i < width; i++) {
      if (!Double.isFinite(row[i])) {
        throw new IllegalArgumentException(
            "feature " + i + " of row " + count() + " is " + row[i] + ", not a finite number");
      }
    }
    System.arraycopy(row, 0, block.data, pending * width, width);
    pending++;
    if (pending == BLOCK) {
      flush();
    }
  }

  /**
   * Adds all rows that another has seen; the other stays as it is.
   *
   * @throws IllegalArgumentException if its rows have another width
   */
  public void merge(FeatureStatistics other) {
    requireSameWidth(this, other);
    flush();
    other.flush();
    join(other.count, other.mean.clone(), other.scatter.copy());
  }

  static void requireSameWidth(FeatureStatistics a, FeatureStatistics b) {
    if (a.width != b.width) {
      throw new IllegalArgumentException(
          "rows of " + a.width + " and of " + b.width + " features cannot be compared or merged");
    }
  }

  private void flush() {
    if (pending == 0) {
      return;
    }
    DMatrixRMaj rows = new DMatrixRMaj(pending, width);
    System.arraycopy(block.data, 0, rows.data, 0, pending * width);
    double[] blockMean = new double[width];
    for (int r = 0; r < pending; r++) {
      for (int i = 0; i < width; i++) {
        blockMean[i] += rows.data[r * width + i] / pending;
      }
    }
    for (int r = 0; r < pending; r++) {
      for (int i = 0; i < width; i++) {
        rows.data[r * width + i] -= blockMean[i];
      }
    }
    DMatrixRMaj products = new DMatrixRMaj(width, width);
    MatrixMultProduct_DDRM.inner_reorder(rows, products);
    join(pending, blockMean, products);
    pending = 0;
  }

  /** The update of Chan, Golub and LeVeque; the arguments are used up. */
  private void join(long otherCount, double[] otherMean, DMatrixRMaj otherScatter) {
    long total = count + otherCount;
    if (otherCount == 0) {
      return;
    }
    double[] difference = new double[width];
    for (int i = 0; i < width; i++) {
      difference[i] = otherMean[i] - mean[i];
      mean[i] += difference[i] * otherCount / total;
    }
    CommonOps_DDRM.addEquals(scatter, otherScatter);
    double weight = (double) count * otherCount / total;
    for (int i = 0; i < width; i++) {
      double scaled = weight * difference[i];
      for (int j = 0; j < width; j++) {
        scatter.data[i * width + j] += scaled * difference[j];
      }
    }
    count = total;
  }

  /** How many rows were added. */
  public long count() {
    return count + pending;
  }

  /** D, the number of features in a row. */
  public int width() {
    return width;
  }

  /**
   * The mean of each feature, (D).
   *
   * @throws IllegalStateException if there is no row
   */
  public double[] mean() {
    requireRows(1, "a mean");
    flush();
    return mean.clone();
  }

  /**
   * The covariance with divisor n - 1, (D, D) in row-major order; symmetric to the bit.
   *
   * @throws IllegalStateException if there are fewer than two rows
   */
  public double[] covariance() {
    requireRows(2, "a covariance");
    flush();
    double[] covariance = new double[width * width];
    for (int i = 0; i < width; i++) {
      for (int j = i; j < width; j++) {
        covariance[i * width + j] = scatter.data[i * width + j] / (count - 1);
        covariance[j * width + i] = covariance[i * width + j];
      }
    }
    return covariance;
  }

  private void requireRows(int least, String what) {
    if (count() < least) {
      throw new IllegalStateException(
          what + " needs at least " + least + " rows of features, and there are " + count());
    }
  }

  /**
   * Writes a safetensors file of {@code mu} F64 (D), {@code sigma} F64 (D, D), the covariance, and
   * {@code count} I64 (); whole or not at all, replacing what was there.
   *
   * @throws IllegalStateException if there are fewer than two rows
   * @throws IOException if the file cannot be written
   */
  public void save(Path file) throws IOException {
    SafetensorsWriter.write(
        file,
        Map.of(
            StatisticsFile.SIGMA, MemoryTensor.of(covariance(), width, width),
            StatisticsFile.MU, MemoryTensor.of(mean(), width),
            StatisticsFile.COUNT, MemoryTensor.of(new long[] {count})),
        Map.of());
  }

  /**
   * Reads what {@link #save} wrote. Further rows may be added.
   *
   * @throws InputFileException if the file is no such file, or holds no mean and covariance
   */
  public static FeatureStatistics load(Path file) {
    return StatisticsFile.read(file);
  }
}
