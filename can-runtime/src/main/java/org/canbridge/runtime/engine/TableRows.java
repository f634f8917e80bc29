package org.canbridge.runtime.engine;

import java.util.OptionalLong;
import java.util.stream.LongStream;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.LookupOp;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/** Inputs that choose rows of tables. libtorch names neither the input nor the rows. */
final class TableRows {
  private TableRows() {}

  /**
   * Checks the numbers of an input.
   *
   * @throws IllegalArgumentException if a number is no row of a table that it chooses from
   */
  static void check(Graph graph, Op.Input input, TensorData tensor) {
    OptionalLong rows =
        graph.nodes().stream()
            .filter(node -> node.op() instanceof LookupOp.Embedding)
            .filter(node -> node.inputs().get(0).op().equals(input))
            .mapToLong(node -> node.inputs().get(1).shape().size(0))
            .min();
    if (rows.isEmpty()) {
      return;
    }
    OptionalLong outside =
        LongStream.of(Tensors.longs(tensor))
            .filter(row -> row < 0 || row >= rows.getAsLong())
            .findFirst();
    if (outside.isPresent()) {
      throw new IllegalArgumentException(
          "input '"
              + input.name()
              + "' must hold whole numbers from 0 to "
              + (rows.getAsLong() - 1)
              + " but holds "
              + outside.getAsLong());
    }
  }
}
