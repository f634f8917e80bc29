package org.canbridge.runtime.engine.torchscript;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.canbridge.runtime.graph.LayoutOp;
import org.canbridge.runtime.graph.Node;

/**
 * The slices of {@link TorchScriptLowering}. Where slices take a value apart without rest, as
 * queries, keys and values do, they are one split: its gradient is one concatenation, where the
 * gradient of a slice is a tensor as large as the whole value, mostly zeros, to be added to the
 * others.
 */
final class Slices {
  private final ScriptBody body;
  private final Map<Cut, TreeSet<LayoutOp.Slice>> pieces = new HashMap<>();
  private final Map<Cut, String> splits = new HashMap<>();

  /** A value and the axis along which it is sliced. */
  private record Cut(Node value, int axis) {
    static Cut of(LayoutOp.Slice op, List<Node> in) {
      return new Cut(in.get(0), op.axis());
    }
  }

  Slices(ScriptBody body) {
    this.body = body;
  }

  /** Looks for splits among the nodes that will be computed. */
  void plan(Collection<Node> nodes) {
    for (Node node : nodes) {
      if (node.op() instanceof LayoutOp.Slice slice) {
        pieces
            .computeIfAbsent(
                Cut.of(slice, node.inputs()),
                cut ->
                    new TreeSet<>(
                        Comparator.comparingLong(LayoutOp.Slice::from)
                            .thenComparingLong(LayoutOp.Slice::to)))
            .add(slice);
      }
    }
    pieces.entrySet().removeIf(entry -> !isWhole(entry.getKey(), entry.getValue()));
  }

  /** Whether the pieces follow each other from the first position to the last. */
  private static boolean isWhole(Cut cut, Collection<LayoutOp.Slice> pieces) {
    long at = 0;
    for (LayoutOp.Slice piece : pieces) {
      if (piece.from() != at) {
        return false;
      }
      at = piece.to();
    }
    return at == cut.value().shape().size(cut.axis());
  }

  /** The value of a slice. */
  String slice(LayoutOp.Slice op, List<Node> in) {
    Cut cut = Cut.of(op, in);
    TreeSet<LayoutOp.Slice> all = pieces.get(cut);
    if (all == null) {
      return Torch.slice(body.name(in, 0), op.axis(), op.from(), op.to());
    }
    String split =
        splits.computeIfAbsent(
            cut,
            k ->
                body.temporary(
                    Torch.call(
                        "split_with_sizes",
                        body.name(in, 0),
                        all.stream().map(s -> s.to() - s.from()).toList(),
                        op.axis())));
    return split + "[" + all.headSet(op).size() + "]";
  }
}
