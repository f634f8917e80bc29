package org.canbridge.experiments;

import java.util.List;

/**
 * The kernel distance of Binkowski et al. ("Demystifying MMD GANs", ICLR 2018, section 4): the
 * unbiased estimate of the squared maximum mean discrepancy of two sets of features with the kernel
 * {@code (x y / D + 1)^3}. Zero on average for two sets of one distribution, whatever their size;
 * it may come out below.
 */
final class KernelDistance {
  private KernelDistance() {}

  /** Between two sets of rows of one width; at least two rows each. */
  static double between(List<float[]> a, List<float[]> b) {
    return within(a) + within(b) - 2 * sum(a, b) / ((double) a.size() * b.size());
  }

  /** The mean over all pairs of different rows. */
  private static double within(List<float[]> rows) {
    double sum = sum(rows, rows);
    for (float[] row : rows) {
      sum -= kernel(row, row);
    }
    return sum / ((double) rows.size() * (rows.size() - 1));
  }

  private static double sum(List<float[]> a, List<float[]> b) {
    double sum = 0;
    for (float[] x : a) {
      for (float[] y : b) {
        sum += kernel(x, y);
      }
    }
    return sum;
  }

  private static double kernel(float[] x, float[] y) {
    double product = 0;
    for (int i = 0; i < x.length; i++) {
      product += (double) x[i] * y[i];
    }
    double base = product / x.length + 1;
    return base * base * base;
  }
}
