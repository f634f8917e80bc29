package org.canbridge.importers.family;

import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/** Tensors with one row a class: label tables, the weight and bias of a classifier. */
public final class ClassTable {
  private ClassTable() {}

  /**
   * The tensor {@code (rows, ...)} for other classes: each starts as the mean of the old ones, the
   * only value that prefers none of them.
   *
   * @param rows number of rows of the result
   * @param nullClass whether the last row stands for no class; it is kept, and no part of the mean
   */
  public static TensorData replaced(TensorData table, int rows, boolean nullClass) {
    double[] old = Tensors.doubles(table);
    int oldRows = Math.toIntExact(table.type().shape().get(0));
    int width = old.length / oldRows;
    int classes = nullClass ? oldRows - 1 : oldRows;
    double[] mean = new double[width];
    for (int i = 0; i < classes * width; i++) {
      mean[i % width] += old[i] / classes;
    }
    double[] replaced = new double[rows * width];
    for (int row = 0; row < rows; row++) {
      boolean kept = nullClass && row == rows - 1;
      System.arraycopy(kept ? old : mean, kept ? classes * width : 0, replaced, row * width, width);
    }
    long[] shape = table.type().shape().stream().mapToLong(Long::longValue).toArray();
    shape[0] = rows;
    return Tensors.as(MemoryTensor.of(replaced, shape), table.type().dtype());
  }
}
