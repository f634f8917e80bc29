package org.canbridge.runtime.engine;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.canbridge.importers.format.MemoryTensor;
import org.canbridge.importers.format.TensorData;
import org.canbridge.importers.format.TensorType;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Role;

/**
 * Generates the weights of a condition-aware network once for each distinct condition. Samples of
 * equal condition have equal weights: with guidance half of a batch is the null class, and weights
 * that depend on the class alone stay through a whole sampling run, so what the last call made is
 * kept. Exact: the same generators run on the same conditions.
 */
final class SharedGeneration implements AutoCloseable {
  private final Graph graph;
  private final List<Node> generated;
  private final Set<String> conditions;
  private final Precision precision;
  private Program generators;
  private List<List<ByteBuffer>> known = List.of();
  private NDList rows;

  /**
   * What a call passes to a program that takes the generated weights.
   *
   * @param rows of each generator, {@code (U, R)}
   * @param index of each sample's row, below U
   */
  record Batch(NDList rows, List<Long> index) {}

  private SharedGeneration(
      Graph graph, List<Node> generated, Set<String> conditions, Precision precision) {
    this.graph = graph;
    this.generated = generated;
    this.conditions = conditions;
    this.precision = precision;
  }

  /** For a graph with generators that take a condition. */
  static Optional<SharedGeneration> of(Graph graph, Precision precision) {
    List<Node> generated = graph.withRole(Role.GENERATED);
    Set<String> conditions = conditions(generated);
    return generated.isEmpty() || conditions.isEmpty()
        ? Optional.empty()
        : Optional.of(new SharedGeneration(graph, generated, conditions, precision));
  }

  /** The inputs that the generated weights depend on. */
  private static Set<String> conditions(List<Node> generated) {
    Set<String> names = new HashSet<>();
    Set<Node> seen = new HashSet<>();
    List<Node> open = new ArrayList<>(generated);
    while (!open.isEmpty()) {
      Node node = open.remove(open.size() - 1);
      if (seen.add(node)) {
        open.addAll(node.inputs());
        if (node.op() instanceof Op.Input input) {
          names.add(input.name());
        }
      }
    }
    return names;
  }

  /** What the main program takes in place of computing it. */
  List<Node> generated() {
    return generated;
  }

  /**
   * The weights of a batch; empty where nothing is saved, as all conditions differ and are new.
   *
   * @param manager owns what is kept for the next call
   * @param inputs in the types of the network, by name
   * @param weights as the programs take them
   */
  Optional<Batch> of(NDManager manager, Map<String, TensorData> inputs, int batch, NDList weights) {
    Map<List<ByteBuffer>, Integer> distinct = new LinkedHashMap<>();
    List<Long> index = new ArrayList<>();
    int[] first = new int[batch];
    for (int sample = 0; sample < batch; sample++) {
      List<ByteBuffer> key = new ArrayList<>();
      for (Op.Input input : graph.inputs()) {
        if (conditions.contains(input.name())) {
          key.add(row(inputs.get(input.name()), sample, batch));
        }
      }
      Integer there = distinct.putIfAbsent(key, distinct.size());
      if (there == null) {
        first[distinct.size() - 1] = sample;
      }
      index.add(there == null ? distinct.size() - 1L : there);
    }
    List<List<ByteBuffer>> keys = List.copyOf(distinct.keySet());
    boolean repeated = keys.equals(known);
    if (!repeated) {
      forget();
      known = keys;
      if (keys.size() == batch) {
        return Optional.empty();
      }
    }
    if (rows == null) {
      rows = generate(manager, inputs, first, keys.size(), batch, weights);
    }
    return Optional.of(new Batch(rows, index));
  }

  private NDList generate(
      NDManager manager,
      Map<String, TensorData> inputs,
      int[] first,
      int count,
      int batch,
      NDList weights) {
    if (generators == null) {
      generators = Program.compile(graph, generated, precision);
    }
    try (NDManager scope = manager.newSubManager()) {
      NDList arguments = new NDList();
      for (Op.Input input : graph.inputs()) {
        arguments.add(
            conditions.contains(input.name())
                ? Weights.array(scope, picked(inputs.get(input.name()), first, count, batch))
                : scope.create(0f)); // the generators' program does not look at it
      }
      NDList made = generators.forward(arguments, weights);
      made.attach(manager);
      return made;
    }
  }

  /** The rows of the first sample of each distinct condition. */
  private static TensorData picked(TensorData tensor, int[] first, int count, int batch) {
    long[] shape = tensor.type().shape().stream().mapToLong(Long::longValue).toArray();
    shape[0] = count;
    TensorType type = TensorType.of(tensor.type().dtype(), shape);
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(Math.toIntExact(type.bytes())).order(tensor.bytes().order());
    for (int i = 0; i < count; i++) {
      bytes.put(row(tensor, first[i], batch));
    }
    return MemoryTensor.of(type, bytes.flip());
  }

  private static ByteBuffer row(TensorData tensor, int sample, int batch) {
    int bytes = Math.toIntExact(tensor.type().bytes() / batch);
    ByteBuffer copy = ByteBuffer.allocate(bytes).order(tensor.bytes().order());
    return copy.put(tensor.bytes((long) sample * bytes, bytes)).flip();
  }

  private void forget() {
    known = List.of();
    if (rows != null) {
      rows.close();
      rows = null;
    }
  }

  @Override
  public void close() {
    forget();
    if (generators != null) {
      generators.close();
    }
  }
}
