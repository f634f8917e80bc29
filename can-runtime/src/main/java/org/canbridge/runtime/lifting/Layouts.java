package org.canbridge.runtime.lifting;

import static org.canbridge.runtime.lifting.View.BATCH;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.LayoutOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.lifting.View.Atom;

/** Makes nodes of views: the reshapings and transpositions that somebody needs after all. */
final class Layouts {
  private Layouts() {}

  /**
   * The view over a node with these axes.
   *
   * @param wanted the view's atoms, in axes
   */
  static View rebased(GraphBuilder g, View view, List<List<Atom>> wanted) {
    Node node = arranged(g, view, wanted);
    return node == view.base() && view.from().equals(wanted)
        ? view
        : new View(node, wanted, view.axes());
  }

  private static Node arranged(GraphBuilder g, View view, List<List<Atom>> wanted) {
    List<Atom> before = View.flat(view.from());
    List<Atom> after = View.flat(wanted);
    Node node = view.base();
    if (!before.equals(after)) {
      List<List<Atom>> runs = runs(before, after);
      Map<Atom, Integer> place = new HashMap<>();
      for (int i = 0; i < runs.size(); i++) {
        place.put(runs.get(i).get(0), i);
      }
      Integer[] order =
          after.stream().filter(place::containsKey).map(place::get).toArray(Integer[]::new);
      node = g.permute(g.reshape(node, View.shapeOf(runs)), order);
    }
    return g.reshape(node, View.shapeOf(wanted));
  }

  /** What stays side by side; the batch, as an axis, keeps to itself. */
  private static List<List<Atom>> runs(List<Atom> before, List<Atom> after) {
    List<List<Atom>> runs = new ArrayList<>();
    Atom last = null;
    for (Atom atom : before) {
      boolean follows =
          last != null
              && last != BATCH
              && atom != BATCH
              && after.indexOf(atom) == after.indexOf(last) + 1;
      if (!follows) {
        runs.add(new ArrayList<>());
      }
      runs.get(runs.size() - 1).add(atom);
      last = atom;
    }
    return runs;
  }

  /** Over a node with the batch first and the other axes behind it, without those of size 1. */
  static View batchFirst(GraphBuilder g, View view) {
    return rebased(g, view, batchFirst(view.axes()));
  }

  /** Axes in this order: the batch, then what is left of each. */
  static List<List<Atom>> batchFirst(List<List<Atom>> axes) {
    List<List<Atom>> wanted = new ArrayList<>();
    if (View.flat(axes).contains(BATCH)) {
      wanted.add(List.of(BATCH));
    }
    for (List<Atom> axis : axes) {
      List<Atom> rest = View.without(axis, BATCH);
      if (!rest.isEmpty()) {
        wanted.add(rest);
      }
    }
    return wanted;
  }

  /** Over a node with exactly the view's axes, the first of which is the batch. */
  static View exact(GraphBuilder g, View view) {
    View.check(
        view.rank() > 0 && view.axisAtoms(0).equals(List.of(BATCH)),
        "the first axis of " + view.shape() + " must be the batch");
    return rebased(g, view, view.axes());
  }

  /**
   * Positions {@code from .. to - 1} of an axis.
   *
   * @param removes whether the axis goes, its size being 1 then
   */
  static View sliced(GraphBuilder g, View view, int axis, long from, long to, boolean removes) {
    List<Atom> atoms = view.axisAtoms(axis);
    View.check(!atoms.contains(BATCH), "samples are taken apart");
    long size = View.size(atoms);
    View.check(
        0 <= from && from < to && to <= size, "positions " + from + " to " + to + " of " + size);
    View part = from == 0 && to == size ? view : cut(g, view, axis, from, to);
    return removes ? part.squeezed(List.of((long) axis)) : part;
  }

  private static View cut(GraphBuilder g, View view, int axis, long from, long to) {
    List<Atom> atoms = view.axisAtoms(axis);
    int holder = holder(view, atoms);
    if (holder < 0) {
      return cut(g, batchFirst(g, view), axis, from, to);
    }
    List<Atom> whole = view.from().get(holder);
    List<Atom> inner = whole.subList(atoms.size(), whole.size());
    long step = View.size(inner);
    Node node = g.slice(view.base(), holder, from * step, to * step);
    List<Atom> left = to - from == 1 ? List.of() : List.of(new Atom(to - from));
    List<Atom> kept = new ArrayList<>(left);
    kept.addAll(inner);
    List<List<Atom>> base = new ArrayList<>(view.from());
    base.set(holder, kept);
    List<List<Atom>> axes = new ArrayList<>(view.axes());
    axes.set(axis, left);
    return new View(node, base, axes);
  }

  /** The node's axis whose outermost atoms are these; -1 if there is none. */
  private static int holder(View view, List<Atom> atoms) {
    for (int i = 0; i < view.from().size(); i++) {
      List<Atom> axis = view.from().get(i);
      if (axis.size() >= atoms.size() && axis.subList(0, atoms.size()).equals(atoms)) {
        return i;
      }
    }
    return -1;
  }

  /** Views one after another along an axis. */
  static View concatenated(GraphBuilder g, List<View> parts, int axis) {
    List<View> same = new ArrayList<>(parts);
    // Twice: what a later part splits must be split in the earlier ones, too.
    for (int round = 0; round < 2; round++) {
      for (int i = 1; i < same.size(); i++) {
        View[] both = View.unified(open(same.get(0), axis), open(same.get(i), axis));
        same.set(0, closed(both[0], same.get(0), axis));
        same.set(i, closed(both[1], same.get(i), axis));
      }
    }
    long total = same.stream().mapToLong(view -> View.size(view.axisAtoms(axis))).sum();
    List<Node> nodes = new ArrayList<>();
    int place = 0;
    for (View view : same) {
      List<List<Atom>> wanted = new ArrayList<>();
      wanted.add(List.of(BATCH));
      for (int i = 0; i < view.rank(); i++) {
        List<Atom> rest = View.without(view.axisAtoms(i), BATCH);
        View.check(i != axis || rest.equals(view.axisAtoms(i)), "samples are concatenated");
        if (i == axis) {
          place = wanted.size();
        }
        if (i == axis || !rest.isEmpty()) {
          wanted.add(rest);
        }
      }
      View.check(view.isBatched(), "a constant is concatenated with values of each sample");
      nodes.add(rebased(g, view, wanted).base());
    }
    Node joined = g.add(new LayoutOp.Concat(place), null, nodes.toArray(Node[]::new));
    List<List<Atom>> axes = new ArrayList<>(same.get(0).axes());
    axes.set(axis, List.of(new Atom(total)));
    return new View(joined, batchFirst(axes), axes);
  }

  /** With nothing on an axis, so that it fits everything. */
  private static View open(View view, int axis) {
    List<List<Atom>> axes = new ArrayList<>(view.axes());
    axes.set(axis, List.of());
    return new View(view.base(), view.from(), axes);
  }

  private static View closed(View opened, View original, int axis) {
    List<List<Atom>> axes = new ArrayList<>(opened.axes());
    axes.set(axis, original.axisAtoms(axis));
    return new View(opened.base(), opened.from(), axes);
  }
}
