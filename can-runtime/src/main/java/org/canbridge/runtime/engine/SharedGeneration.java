package org.canbridge.runtime.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Role;
import org.canbridge.tensors.TensorData;

/**
 * Generates the weights of a condition-aware network no more often than needed.
 *
 * <ul>
 *   <li>Samples of equal condition have equal weights: with guidance half of a batch is the null
 *       class, and weights that depend on the class alone stay through a whole sampling run.
 *   <li>Weights that are linear in a sum of time and label are the sum of two parts. In a sampling
 *       run all samples share the time, whose part is one row a step, and the labels stay, whose
 *       part is made once.
 * </ul>
 *
 * <p>Exact but for the order of additions: the same generators run on the same conditions.
 */
final class SharedGeneration implements AutoCloseable {
  private final DistinctRows whole;
  private final Optional<Parts> parts;
  private List<List<ByteBuffer>> last = List.of();

  /**
   * What a call passes to a program that takes the generated weights.
   *
   * @param rows of each generator, {@code (U, R)}
   * @param index of each sample's row, below U
   */
  record Batch(NDList rows, List<Long> index) {}

  private SharedGeneration(DistinctRows whole, Optional<Parts> parts) {
    this.whole = whole;
    this.parts = parts;
  }

  /** For a graph with generators that take a condition. */
  static Optional<SharedGeneration> of(Graph graph, Arithmetic arithmetic) {
    DistinctRows whole = new DistinctRows(graph, graph.withRole(Role.GENERATED), arithmetic);
    return whole.inputs().isEmpty()
        ? Optional.empty()
        : Optional.of(
            new SharedGeneration(
                whole, GeneratorSplit.of(graph).map(split -> new Parts(split, arithmetic))));
  }

  /** What the main program takes in place of computing it. */
  List<Node> generated() {
    return whole.values();
  }

  /**
   * The weights of a batch; empty where nothing is saved, as all conditions differ and are new.
   *
   * @param manager owns what is kept for the next call
   * @param scope owns the rest
   * @param inputs in the types of the network, by name
   * @param weights as the programs take them
   */
  Optional<Batch> of(
      NDManager manager,
      NDManager scope,
      Map<String, TensorData> inputs,
      int batch,
      NDList weights) {
    Optional<Batch> sum = parts.flatMap(p -> p.sum(manager, scope, inputs, batch, weights));
    if (sum.isPresent()) {
      whole.forget();
      return sum;
    }
    DistinctRows.Keys keys = whole.keys(inputs, batch);
    boolean repeated = keys.samples().equals(last);
    last = keys.samples();
    if (!repeated && keys.count() == batch) {
      whole.forget();
      return Optional.empty();
    }
    return Optional.of(new Batch(whole.rows(manager, keys, inputs, batch, weights), keys.index()));
  }

  @Override
  public void close() {
    whole.close();
    parts.ifPresent(Parts::close);
  }

  /** The rows of time and label, for calls that repeat the labels of the one before. */
  private static final class Parts implements AutoCloseable {
    private final DistinctRows times;
    private final DistinctRows labels;
    private List<List<ByteBuffer>> last = List.of();

    Parts(GeneratorSplit split, Arithmetic arithmetic) {
      times = new DistinctRows(split.graph(), split.byTime(), arithmetic);
      labels = new DistinctRows(split.graph(), split.byLabel(), arithmetic);
    }

    Optional<Batch> sum(
        NDManager manager,
        NDManager scope,
        Map<String, TensorData> inputs,
        int batch,
        NDList weights) {
      DistinctRows.Keys label = labels.keys(inputs, batch);
      DistinctRows.Keys time = times.keys(inputs, batch);
      boolean repeated = label.samples().equals(last);
      last = label.samples();
      // With one label there are as many rows to make without the split.
      if (!repeated || time.count() > 1 || label.count() == 1) {
        times.forget();
        labels.forget();
        return Optional.empty();
      }
      NDList one = times.rows(manager, time, inputs, batch, weights);
      NDList each = labels.rows(manager, label, inputs, batch, weights);
      NDList sums = new NDList();
      for (int i = 0; i < one.size(); i++) {
        NDArray rows = each.get(i).add(one.get(i));
        rows.attach(scope);
        sums.add(rows);
      }
      return Optional.of(new Batch(sums, label.index()));
    }

    @Override
    public void close() {
      times.close();
      labels.close();
    }
  }
}
