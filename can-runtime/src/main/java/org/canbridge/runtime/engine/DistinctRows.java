package org.canbridge.runtime.engine;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;

/**
 * Values {@code (B, R)} that depend on some inputs alone, each computed once for samples that are
 * equal in these. What was computed last is kept.
 */
final class DistinctRows implements AutoCloseable {
  private final Graph graph;
  private final List<Node> values;
  private final Arithmetic arithmetic;
  private final Set<String> names;
  private Program program;
  private List<List<ByteBuffer>> known = List.of();
  private NDList rows;

  /**
   * The distinct samples of a batch.
   *
   * @param samples what each of them holds in the inputs that matter
   * @param first where each stands first in the batch
   * @param index for each sample of the batch, which it is
   */
  record Keys(List<List<ByteBuffer>> samples, List<Integer> first, List<Long> index) {
    int count() {
      return samples.size();
    }
  }

  DistinctRows(Graph graph, List<Node> values, Arithmetic arithmetic) {
    this.graph = graph;
    this.values = values;
    this.arithmetic = arithmetic;
    this.names =
        Graph.needed(values, List.of()).stream()
            .map(Node::op)
            .filter(Op.Input.class::isInstance)
            .map(op -> ((Op.Input) op).name())
            .collect(Collectors.toUnmodifiableSet());
  }

  List<Node> values() {
    return values;
  }

  /** Names of the inputs that the values depend on. */
  Set<String> inputs() {
    return names;
  }

  /** Which samples of a batch are equal. */
  Keys keys(Map<String, TensorData> inputs, int batch) {
    Map<List<ByteBuffer>, Integer> distinct = new LinkedHashMap<>();
    List<Integer> first = new ArrayList<>();
    List<Long> index = new ArrayList<>();
    for (int sample = 0; sample < batch; sample++) {
      List<ByteBuffer> key = new ArrayList<>();
      for (Op.Input input : graph.inputs()) {
        if (names.contains(input.name())) {
          key.add(row(inputs.get(input.name()), sample, batch));
        }
      }
      Integer there = distinct.putIfAbsent(key, distinct.size());
      if (there == null) {
        first.add(sample);
      }
      index.add(there == null ? distinct.size() - 1L : there);
    }
    return new Keys(List.copyOf(distinct.keySet()), first, index);
  }

  /** Whether the rows of these samples are there. */
  boolean hold(Keys keys) {
    return rows != null && known.equals(keys.samples());
  }

  /**
   * The rows of each value, {@code (U, R)}.
   *
   * @param manager owns what is kept for the next call
   * @param inputs in the types of the network, by name
   * @param weights as the programs take them
   */
  NDList rows(
      NDManager manager, Keys keys, Map<String, TensorData> inputs, int batch, NDList weights) {
    if (!hold(keys)) {
      forget();
      rows = compute(manager, keys, inputs, batch, weights);
      known = keys.samples();
    }
    return rows;
  }

  private NDList compute(
      NDManager manager, Keys keys, Map<String, TensorData> inputs, int batch, NDList weights) {
    if (program == null) {
      program = Program.compile(graph, values, List.of(), arithmetic);
    }
    try (NDManager scope = manager.newSubManager()) {
      NDList arguments = new NDList();
      for (Op.Input input : graph.inputs()) {
        arguments.add(
            names.contains(input.name())
                ? Weights.array(scope, picked(inputs.get(input.name()), keys.first(), batch))
                : scope.create(0f)); // this program does not look at it
      }
      NDList made = program.forward(arguments, weights);
      made.attach(manager);
      return made;
    }
  }

  private static TensorData picked(TensorData tensor, List<Integer> samples, int batch) {
    long[] shape = tensor.type().shape().stream().mapToLong(Long::longValue).toArray();
    shape[0] = samples.size();
    TensorType type = TensorType.of(tensor.type().dtype(), shape);
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(Math.toIntExact(type.bytes())).order(tensor.bytes().order());
    samples.forEach(sample -> bytes.put(row(tensor, sample, batch)));
    return MemoryTensor.of(type, bytes.flip());
  }

  private static ByteBuffer row(TensorData tensor, int sample, int batch) {
    int bytes = Math.toIntExact(tensor.type().bytes() / batch);
    ByteBuffer copy = ByteBuffer.allocate(bytes).order(tensor.bytes().order());
    return copy.put(tensor.bytes((long) sample * bytes, bytes)).flip();
  }

  /** Frees what is kept. */
  void forget() {
    known = List.of();
    if (rows != null) {
      rows.close();
      rows = null;
    }
  }

  @Override
  public void close() {
    forget();
    if (program != null) {
      program.close();
    }
  }
}
