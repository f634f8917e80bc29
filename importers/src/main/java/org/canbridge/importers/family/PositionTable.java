package org.canbridge.importers.family;

import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * A table of positions {@code (1, extra + side * side, D)}: rows of condition tokens, then those of
 * a square grid, row by row. Immutable.
 */
public final class PositionTable {
  /** The constant of PyTorch's bicubic kernel (Keys, 1981, with a = -0.75). */
  private static final double A = -0.75;

  private static final int TAPS = 4;

  private final int extra;
  private final int side;
  private final int width;
  private final double[] values;

  /** Keeps {@code values}, in row-major order, without copying. */
  PositionTable(int extra, int side, int width, double... values) {
    this.extra = extra;
    this.side = side;
    this.width = width;
    this.values = values;
  }

  /**
   * Reads a table.
   *
   * @param tensor {@code (1, extra + side * side, D)}
   * @param extra rows in front of the grid
   * @param side rows and columns of the grid
   */
  public static PositionTable of(TensorData tensor, int extra, int side) {
    int width = Math.toIntExact(tensor.type().shape().get(2));
    return new PositionTable(extra, side, width, Tensors.doubles(tensor));
  }

  /**
   * The table for a grid of another size: bicubic interpolation between the grid's rows as in
   * PyTorch's {@code interpolate(mode="bicubic", align_corners=False)}, without a low-pass filter;
   * the rows of condition tokens stay.
   */
  public PositionTable resized(int newSide) {
    double[][] weights = new double[newSide][TAPS];
    int[][] sources = new int[newSide][TAPS];
    for (int i = 0; i < newSide; i++) {
      double center = (i + 0.5) * side / newSide - 0.5;
      int first = (int) Math.floor(center) - 1;
      for (int tap = 0; tap < TAPS; tap++) {
        weights[i][tap] = kernel(Math.abs(center - (first + tap)));
        sources[i][tap] = Math.min(side - 1, Math.max(0, first + tap));
      }
    }
    double[] resized = new double[(extra + newSide * newSide) * width];
    System.arraycopy(values, 0, resized, 0, extra * width);
    for (int row = 0; row < newSide; row++) {
      for (int column = 0; column < newSide; column++) {
        int to = (extra + row * newSide + column) * width;
        for (int tap = 0; tap < TAPS * TAPS; tap++) {
          int y = tap / TAPS;
          int x = tap % TAPS;
          double weight = weights[row][y] * weights[column][x];
          int from = (extra + sources[row][y] * side + sources[column][x]) * width;
          for (int d = 0; d < width; d++) {
            resized[to + d] += weight * values[from + d];
          }
        }
      }
    }
    return new PositionTable(extra, newSide, width, resized);
  }

  private static double kernel(double distance) {
    if (distance <= 1) {
      return ((A + 2) * distance - (A + 3)) * distance * distance + 1;
    }
    return distance < 2 ? ((A * distance - 5 * A) * distance + 8 * A) * distance - 4 * A : 0;
  }

  /** As a tensor {@code (1, N, D)} of this type. */
  public TensorData tensor(DType dtype) {
    TensorData wide = MemoryTensor.of(values, 1, (long) extra + (long) side * side, width);
    return Tensors.as(wide, dtype);
  }
}
