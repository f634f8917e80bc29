package org.canbridge.runtime.lifting;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.canbridge.runtime.graph.Dim;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Shape;

/**
 * A value of the ONNX graph as a way of looking at a node of ours. Exporters write every reshaping
 * and transposition of the original program; here they cost nothing until somebody needs the
 * elements in that order, so that {@code (N, B, D)} of PyTorch's attention comes out as the {@code
 * (B, N, D)} that it is.
 *
 * <p>Each axis, of the node and of the view, is a list of atoms, outermost first: {@code (B*4, 16)}
 * is {@code [B, 4], [16]}. Both have the same atoms. An axis of size 1 has none.
 *
 * @param base the node
 * @param from the node's axes
 * @param axes the view's axes
 */
record View(Node base, List<List<Atom>> from, List<List<Atom>> axes) {
  /** The batch axis, in every view. */
  static final Atom BATCH = new Atom(1);

  /** A factor of an axis; compared by identity. */
  static final class Atom {
    private final long size;

    Atom(long size) {
      this.size = size;
    }

    @Override
    public String toString() {
      return this == BATCH ? "B" : Long.toString(size);
    }
  }

  View {
    from = copy(from);
    axes = copy(axes);
  }

  private static List<List<Atom>> copy(List<List<Atom>> axes) {
    return axes.stream().map(List::copyOf).toList();
  }

  /** A node as it is. */
  static View of(Node node) {
    List<List<Atom>> axes = new ArrayList<>();
    for (Dim dim : node.shape().dims()) {
      List<Atom> axis = new ArrayList<>();
      if (dim.batch()) {
        axis.add(BATCH);
      }
      if (dim.size() > 1) {
        axis.add(new Atom(dim.size()));
      }
      axes.add(axis);
    }
    return new View(node, axes, axes);
  }

  /** Another node of the same axes, looked at in the same way. */
  View on(Node other) {
    return new View(other, from, axes);
  }

  int rank() {
    return axes.size();
  }

  /** {@code axis} as a non-negative number. */
  int axis(long axis) {
    long positive = axis < 0 ? axis + rank() : axis;
    check(positive >= 0 && positive < rank(), "axis " + axis + " of " + shape());
    return (int) positive;
  }

  List<Atom> axisAtoms(int axis) {
    return axes.get(axis);
  }

  boolean isBatched() {
    return flat(axes).contains(BATCH);
  }

  Dim dim(int axis) {
    return dim(axes.get(axis));
  }

  /** The axes' sizes. */
  List<Dim> shape() {
    return axes.stream().map(View::dim).toList();
  }

  static Dim dim(List<Atom> axis) {
    return new Dim(size(axis), axis.contains(BATCH));
  }

  static long size(List<Atom> axis) {
    return axis.stream().mapToLong(atom -> atom.size).reduce(1, Math::multiplyExact);
  }

  static Shape shapeOf(List<List<Atom>> axes) {
    return new Shape(axes.stream().map(View::dim).toList());
  }

  static List<Atom> flat(List<List<Atom>> axes) {
    return axes.stream().flatMap(List::stream).toList();
  }

  /** Axes in another order. */
  View permuted(List<Long> order) {
    check(order.size() == rank(), "axes " + order + " of " + shape());
    return new View(base, from, order.stream().map(a -> axes.get(axis(a))).toList());
  }

  /** The two last axes exchanged. */
  View transposed() {
    List<List<Atom>> swapped = new ArrayList<>(axes);
    Collections.swap(swapped, rank() - 1, rank() - 2);
    return new View(base, from, swapped);
  }

  /** With axes of size 1 at these places of the result. */
  View unsqueezed(List<Long> places) {
    int rank = rank() + places.size();
    boolean[] added = new boolean[rank];
    places.forEach(p -> added[Math.toIntExact(p < 0 ? p + rank : p)] = true);
    List<List<Atom>> extended = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < rank; i++) {
      extended.add(added[i] ? List.of() : axes.get(next++));
    }
    return new View(base, from, extended);
  }

  /** Without these axes of size 1. */
  View squeezed(List<Long> places) {
    List<List<Atom>> kept = new ArrayList<>(axes);
    places.stream()
        .map(this::axis)
        .sorted(Collections.reverseOrder())
        .forEach(
            place -> {
              check(kept.get(place).isEmpty(), "axis " + place + " of " + shape() + " is not 1");
              kept.remove((int) place);
            });
    return new View(base, from, kept);
  }

  /** With atoms split into others. */
  View with(Map<Atom, List<Atom>> parts) {
    return parts.isEmpty() ? this : new View(base, split(from, parts), split(axes, parts));
  }

  private static List<List<Atom>> split(List<List<Atom>> axes, Map<Atom, List<Atom>> parts) {
    return axes.stream()
        .map(
            axis -> axis.stream().flatMap(a -> parts.getOrDefault(a, List.of(a)).stream()).toList())
        .toList();
  }

  /**
   * The same elements in row-major order in another shape.
   *
   * @throws IllegalArgumentException if the sizes do not fit, or would tear an axis apart that is
   *     no product of them
   */
  View reshaped(List<Dim> shape) {
    List<Atom> open = new ArrayList<>(flat(axes));
    Map<Atom, List<Atom>> parts = new HashMap<>();
    List<List<Atom>> result = new ArrayList<>();
    for (Dim dim : shape) {
      List<Atom> axis = new ArrayList<>();
      long left = dim.size();
      boolean batch = dim.batch();
      while (left > 1 || batch) {
        check(!open.isEmpty(), "no shape " + shape + " of " + shape());
        Atom next = open.remove(0);
        if (next == BATCH) {
          check(batch, "no shape " + shape + " of " + shape());
          batch = false;
        } else if (left % next.size == 0) {
          left /= next.size;
        } else {
          check(next.size % left == 0 && left > 1, "no shape " + shape + " of " + shape());
          Atom outer = new Atom(left);
          Atom inner = new Atom(next.size / left);
          split(parts, next, List.of(outer, inner));
          open.add(0, inner);
          next = outer;
          left = 1;
        }
        axis.add(next);
      }
      result.add(axis);
    }
    check(open.isEmpty(), "no shape " + shape + " of " + shape());
    return new View(base, split(from, parts), result);
  }

  private static void split(Map<Atom, List<Atom>> parts, Atom whole, List<Atom> into) {
    parts.replaceAll(
        (atom, list) ->
            list.stream().flatMap(a -> a == whole ? into.stream() : Stream.of(a)).toList());
    parts.putIfAbsent(whole, into);
  }

  /**
   * Two views whose axes, aligned at the end, have the same atoms wherever neither is of size 1.
   *
   * @throws IllegalArgumentException if they do not fit
   */
  static View[] unified(View a, View b) {
    View[] both = {a, b};
    int rank = Math.min(a.rank(), b.rank());
    for (int i = 1; i <= rank; i++) {
      List<Atom> left = both[0].axes.get(both[0].rank() - i);
      List<Atom> right = both[1].axes.get(both[1].rank() - i);
      if (!left.isEmpty() && !right.isEmpty() && !left.equals(right)) {
        unify(both, left, right);
      }
    }
    return both;
  }

  private static void unify(View[] both, List<Atom> left, List<Atom> right) {
    List<Atom> l = new ArrayList<>(left);
    List<Atom> r = new ArrayList<>(right);
    Map<Atom, List<Atom>> ofLeft = new HashMap<>();
    Map<Atom, List<Atom>> ofRight = new HashMap<>();
    String misfit = "shapes " + both[0].shape() + " and " + both[1].shape() + " do not fit";
    while (!l.isEmpty() && !r.isEmpty()) {
      Atom x = l.remove(0);
      Atom y = r.remove(0);
      check((x == BATCH) == (y == BATCH), misfit);
      if (x == y) {
        continue;
      }
      long common = Math.min(x.size, y.size);
      check(x.size % common == 0 && y.size % common == 0, misfit);
      Atom shared = new Atom(common);
      push(l, ofLeft, x, shared);
      push(r, ofRight, y, shared);
    }
    check(l.isEmpty() && r.isEmpty(), misfit);
    both[0] = both[0].with(ofLeft);
    both[1] = both[1].with(ofRight);
  }

  /** What is left of an atom when its outer part is taken away goes back to the front. */
  private static void push(List<Atom> open, Map<Atom, List<Atom>> parts, Atom whole, Atom outer) {
    if (whole.size == outer.size) {
      split(parts, whole, List.of(outer));
    } else {
      Atom rest = new Atom(whole.size / outer.size);
      split(parts, whole, List.of(outer, rest));
      open.add(0, rest);
    }
  }

  static List<Atom> without(List<Atom> axis, Atom atom) {
    return axis.stream().filter(a -> a != atom).toList();
  }

  static void check(boolean holds, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(rule);
    }
  }
}
