package org.canbridge.runtime.lifting;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.canbridge.runtime.graph.Dim;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * Numbers that are known while the graph is read: constants, and sizes computed from shapes, of
 * which one may be a multiple of the batch size.
 */
final class Numbers implements Value {
  /** Frequencies of the widest sinusoids and the sizes of any shape are far fewer. */
  static final int MOST = 1 << 16;

  private final String name;
  private final List<Long> shape;
  private final double[] values;
  private final boolean integer;
  private final boolean[] batch;

  /**
   * Numbers that nobody else changes.
   *
   * @param name in the graph
   * @param shape sizes of the axes
   * @param values in row-major order; of the multiples what one sample has
   * @param integer whether they are whole
   * @param batch which of them are multiples of the batch size
   */
  Numbers(String name, List<Long> shape, double[] values, boolean integer, boolean[] batch) {
    this.name = name;
    this.shape = List.copyOf(shape);
    this.values = values;
    this.integer = integer;
    this.batch = batch;
  }

  String name() {
    return name;
  }

  List<Long> shape() {
    return shape;
  }

  double[] values() {
    return values;
  }

  boolean integer() {
    return integer;
  }

  boolean[] batch() {
    return batch;
  }

  static Numbers of(String name, TensorData data) {
    View.check(data.type().elements() <= MOST, "a constant of " + data.type());
    double[] values = Tensors.doubles(data);
    return new Numbers(
        name,
        data.type().shape(),
        values,
        !data.type().dtype().isFloating(),
        new boolean[values.length]);
  }

  static Numbers of(String name, List<Long> shape, double[] values, boolean integer) {
    return new Numbers(name, shape, values, integer, new boolean[values.length]);
  }

  /** A list of sizes. */
  static Numbers sizes(String name, List<Dim> dims) {
    boolean[] batch = new boolean[dims.size()];
    IntStream.range(0, batch.length).forEach(i -> batch[i] = dims.get(i).batch());
    return new Numbers(
        name,
        List.of((long) dims.size()),
        dims.stream().mapToDouble(Dim::size).toArray(),
        true,
        batch);
  }

  int count() {
    return values.length;
  }

  boolean isScalar() {
    return values.length == 1 && !batch[0];
  }

  /** The only one. */
  double scalar() {
    View.check(isScalar(), "one number is needed, not " + shape);
    return values[0];
  }

  /** Whole numbers none of which depends on the batch size. */
  List<Long> longs() {
    for (boolean each : batch) {
      View.check(!each, "a number that depends on the batch size");
    }
    return Arrays.stream(values).mapToObj(v -> (long) v).toList();
  }

  @Override
  public String toString() {
    return name + shape;
  }
}
