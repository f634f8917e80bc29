package org.canbridge.runtime.diffusion;

/**
 * The weights of UniPC's difference quotients (Zhao et al. 2023, theorem 3.1 and appendix C; {@code
 * uni_pc.py} of wl-zhao/UniPC). With quotients that reach to {@code r_j}, the weights w solve
 * {@code sum_j r_j^i w_j = (i + 1)! phi_(i + 2)}; the paper's B(h) cancels out of it and matters
 * only for a single quotient, whose weight is B/2 by convention.
 */
final class UniPcCoefficients {
  private UniPcCoefficients() {}

  /**
   * The weights of a predictor.
   *
   * @param variant how a single weight is chosen
   * @param e the step's exponent, h or -h
   * @param r where the quotients reach, in steps; all different
   */
  static double[] predictor(UniPc.Variant variant, double e, double[] r) {
    if (r.length == 1) {
      return new double[] {single(variant, e)};
    }
    double[][] matrix = new double[r.length][r.length];
    double[] right = phi(e, r.length);
    double factorial = 1;
    for (int i = 0; i < r.length; i++) {
      factorial *= i + 1;
      right[i] *= factorial;
      for (int j = 0; j < r.length; j++) {
        matrix[i][j] = Math.pow(r[j], i);
      }
    }
    return solve(matrix, right);
  }

  /**
   * The weights of a corrector, whose last quotient reaches to the step's end. For {@link
   * UniPc.Variant#VARY_COEFF} they are those of the published code, which leaves the highest order
   * out of the known quotients and takes the new one's weight from the row before the last: it
   * converges with order 1 only.
   */
  static double[] corrector(UniPc.Variant variant, double e, double[] r) {
    int n = r.length;
    if (variant != UniPc.Variant.VARY_COEFF || n == 1) {
      return predictor(variant, e, r);
    }
    double[] phi = phi(e, n);
    double[] weights = new double[n];
    for (int j = 0; j < n; j++) {
      double[] column = inverseColumn(r, j);
      if (j == n - 1) {
        weights[j] = phi[n - 1] * column[n - 2];
      } else {
        for (int k = 0; k < n - 1; k++) {
          weights[j] += phi[k] * column[k];
        }
      }
    }
    return weights;
  }

  private static double single(UniPc.Variant variant, double e) {
    return switch (variant) {
      case BH1 -> e / 2;
      case BH2 -> Math.expm1(e) / 2;
      case VARY_COEFF -> phi(e, 1)[0];
    };
  }

  /** {@code phi_2, phi_3, ...}: {@code phi_(k + 1) = phi_k / e - 1 / k!}. */
  private static double[] phi(double e, int count) {
    double[] phi = new double[count];
    double value = Math.expm1(e);
    double factorial = 1;
    for (int i = 0; i < count; i++) {
      factorial *= i + 1;
      value = value / e - 1 / factorial;
      phi[i] = value;
    }
    return phi;
  }

  /** Column j of the inverse of {@code C_jk = r_j^k / (k + 1)!}. */
  private static double[] inverseColumn(double[] r, int j) {
    double[][] matrix = new double[r.length][r.length];
    for (int row = 0; row < r.length; row++) {
      double value = 1;
      for (int k = 0; k < r.length; k++) {
        matrix[row][k] = value;
        value *= r[row] / (k + 2);
      }
    }
    double[] unit = new double[r.length];
    unit[j] = 1;
    return solve(matrix, unit);
  }

  /** Gaussian elimination with pivoting; both arguments are overwritten. */
  private static double[] solve(double[][] matrix, double[] right) {
    int n = right.length;
    for (int column = 0; column < n; column++) {
      int pivot = column;
      for (int row = column + 1; row < n; row++) {
        if (Math.abs(matrix[row][column]) > Math.abs(matrix[pivot][column])) {
          pivot = row;
        }
      }
      double[] line = matrix[pivot];
      matrix[pivot] = matrix[column];
      matrix[column] = line;
      double value = right[pivot];
      right[pivot] = right[column];
      right[column] = value;
      for (int row = column + 1; row < n; row++) {
        double factor = matrix[row][column] / line[column];
        for (int k = column; k < n; k++) {
          matrix[row][k] -= factor * line[k];
        }
        right[row] -= factor * value;
      }
    }
    double[] solution = new double[n];
    for (int row = n - 1; row >= 0; row--) {
      double sum = right[row];
      for (int k = row + 1; k < n; k++) {
        sum -= matrix[row][k] * solution[k];
      }
      solution[row] = sum / matrix[row][row];
    }
    return solution;
  }
}
