package org.canbridge.verifiers.metrics;

import org.ejml.UtilEjml;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;

/**
 * The Frechet distance of two normal distributions (Dowson and Landau, 1982), as Heusel et al.
 * (2017) use it to compare sets of images by their features:
 *
 * <pre>{@code |m1 - m2|^2 + tr(S1) + tr(S2) - 2 tr((S1 S2)^(1/2))}</pre>
 *
 * <p>It is called FID only with the features of one particular Inception network on ImageNet; with
 * those of any other network it is a distance of its own, comparable to nothing but itself.
 *
 * <p>The last trace is the sum of the roots of the eigenvalues of {@code S1^(1/2) S2 S1^(1/2)},
 * which is symmetric. These roots are the singular values of {@code S2^(1/2) S1^(1/2)}, and are
 * computed as such, from the eigenvectors and eigenvalues of both covariances: taking the root of
 * an eigenvalue that is zero but for rounding (1e-16) would leave an error of 1e-8 a dimension.
 * Eigenvalues below what rounding leaves of zero count as zero for the same reason. So the value is
 * good to about 1e-14 of the traces also where a covariance is singular, as it always is with fewer
 * rows than features; published tools that take the root of the product itself differ there by 1e-8
 * and more.
 */
public final class FrechetDistance {
  private FrechetDistance() {}

  /**
   * The distance of two sets of features; symmetric, and 0 for equal sets up to rounding.
   *
   * @return at least 0; a value that rounding made negative is 0
   * @throws IllegalArgumentException if the sets have different widths
   * @throws IllegalStateException if one has fewer than two rows
   * @throws ArithmeticException if the features are so large that their covariance overflows
   */
  public static double between(FeatureStatistics a, FeatureStatistics b) {
    FeatureStatistics.requireSameWidth(a, b);
    int width = a.width();
    double[] mean1 = a.mean();
    double[] mean2 = b.mean();
    DMatrixRMaj sigma1 = DMatrixRMaj.wrap(width, width, a.covariance());
    DMatrixRMaj sigma2 = DMatrixRMaj.wrap(width, width, b.covariance());
    double value = CommonOps_DDRM.trace(sigma1) + CommonOps_DDRM.trace(sigma2);
    for (int i = 0; i < width; i++) {
      value += (mean1[i] - mean2[i]) * (mean1[i] - mean2[i]);
    }
    if (!Double.isFinite(value)) {
      throw new ArithmeticException("the features are too large: their covariance overflows");
    }
    return Math.max(0, value - 2 * traceOfRoot(root(sigma1), root(sigma2)));
  }

  /** The sum of the singular values of {@code r1 r2^T}. */
  private static double traceOfRoot(DMatrixRMaj root1, DMatrixRMaj root2) {
    if (root1.numRows == 0 || root2.numRows == 0) {
      return 0;
    }
    DMatrixRMaj product = new DMatrixRMaj(root1.numRows, root2.numRows);
    CommonOps_DDRM.multTransB(root1, root2, product);
    SingularValueDecomposition_F64<DMatrixRMaj> svd =
        DecompositionFactory_DDRM.svd(product.numRows, product.numCols, false, false, true);
    requireDone(svd.decompose(product), "singular values");
    double sum = 0;
    for (int i = 0; i < svd.numberOfSingularValues(); i++) {
      sum += svd.getSingularValues()[i];
    }
    return sum;
  }

  /**
   * A root of a covariance: {@code r^T r = sigma}, with one row for each eigenvalue that is not
   * zero.
   */
  private static DMatrixRMaj root(DMatrixRMaj sigma) {
    int width = sigma.numRows;
    EigenDecomposition_F64<DMatrixRMaj> eigen = DecompositionFactory_DDRM.eig(width, true, true);
    requireDone(eigen.decompose(sigma.copy()), "eigenvalues");
    double largest = 0;
    for (int i = 0; i < width; i++) {
      largest = Math.max(largest, eigen.getEigenvalue(i).real);
    }
    DMatrixRMaj root = new DMatrixRMaj(width, width);
    int rows = 0;
    for (int i = 0; i < width; i++) {
      double value = eigen.getEigenvalue(i).real;
      if (value > width * UtilEjml.EPS * largest) {
        double[] vector = eigen.getEigenVector(i).data;
        for (int j = 0; j < width; j++) {
          root.data[rows * width + j] = Math.sqrt(value) * vector[j];
        }
        rows++;
      }
    }
    root.reshape(rows, width, true);
    return root;
  }

  private static void requireDone(boolean done, String what) {
    if (!done) {
      throw new ArithmeticException("the iteration for the " + what + " did not converge");
    }
  }
}
