package org.canbridge.runtime.graph;

import java.util.ArrayList;
import java.util.List;

/** What the operations' shapes have in common. */
final class ShapeRules {

  private ShapeRules() {}

  /**
   * The common shape of all inputs when axes are aligned at the end and axes of size 1 are
   * stretched.
   */
  static Shape broadcast(List<Node> in) {
    int rank = in.stream().mapToInt(n -> n.shape().rank()).max().orElseThrow();
    List<Dim> dims = new ArrayList<>();
    for (int i = -rank; i < 0; i++) {
      Dim common = Dim.of(1);
      for (Node node : in) {
        Shape shape = node.shape();
        Dim dim = -i <= shape.rank() ? shape.dim(i) : Dim.of(1);
        if (!dim.equals(Dim.of(1))) {
          check(common.equals(Dim.of(1)) || common.equals(dim), "shapes do not broadcast", in);
          common = dim;
        }
      }
      dims.add(common);
    }
    return new Shape(dims);
  }

  static void bias(List<Node> in, Shape expected) {
    check(in.size() < 3 || in.get(2).shape().equals(expected), "bias must be " + expected, in);
  }

  static void check(boolean holds, String rule, List<Node> in) {
    if (!holds) {
      throw new IllegalArgumentException(
          rule + "; got " + in.stream().map(n -> n.shape().toString()).toList());
    }
  }
}
