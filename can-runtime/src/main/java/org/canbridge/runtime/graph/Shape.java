package org.canbridge.runtime.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The shape of a value, e.g. {@code (B, 256, 1152)}. At most one axis depends on the batch size.
 *
 * @param dims the axes, outermost first
 */
public record Shape(List<Dim> dims) {

  /** Refuses a second batch axis. */
  public Shape {
    dims = List.copyOf(dims);
    if (dims.stream().filter(Dim::batch).count() > 1) {
      throw new IllegalArgumentException("two batch axes in " + dims);
    }
  }

  /** A shape without batch axis, e.g. of a parameter. */
  public static Shape of(long... sizes) {
    return new Shape(Arrays.stream(sizes).mapToObj(Dim::of).toList());
  }

  /** {@code (B, sizes...)}. */
  public static Shape batched(long... sizes) {
    List<Dim> dims = new ArrayList<>();
    dims.add(Dim.BATCH);
    for (long size : sizes) {
      dims.add(Dim.of(size));
    }
    return new Shape(dims);
  }

  /** Number of axes. */
  public int rank() {
    return dims.size();
  }

  /** Axis {@code i}; negative counts from the end. */
  public Dim dim(int i) {
    return dims.get(axis(i));
  }

  /**
   * Size of axis {@code i} (for one sample, where it depends on the batch); negative counts from
   * the end.
   */
  public long size(int i) {
    return dim(i).size();
  }

  /** {@code i} as a non-negative axis number. */
  public int axis(int i) {
    int axis = i < 0 ? i + rank() : i;
    if (axis < 0 || axis >= rank()) {
      throw new IllegalArgumentException("axis " + i + " of " + this);
    }
    return axis;
  }

  /** Whether one axis depends on the batch size. */
  public boolean isBatched() {
    return dims.stream().anyMatch(Dim::batch);
  }

  /** Number of elements of one sample (batch size 1). */
  public long elements() {
    long product = 1;
    for (Dim dim : dims) {
      product = Math.multiplyExact(product, dim.size());
    }
    return product;
  }

  /** The same with axis {@code i} replaced. */
  public Shape with(int i, Dim dim) {
    List<Dim> changed = new ArrayList<>(dims);
    changed.set(axis(i), dim);
    return new Shape(changed);
  }

  /** The sizes with {@code batch} in place of the symbol. */
  public long[] resolve(long batch) {
    return dims.stream().mapToLong(d -> d.batch() ? d.size() * batch : d.size()).toArray();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("(");
    for (int i = 0; i < dims.size(); i++) {
      text.append(i == 0 ? "" : ", ").append(dims.get(i));
    }
    return text.append(')').toString();
  }
}
