package org.canbridge.runtime.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apiguardian.api.API;
import org.canbridge.runtime.engine.torchscript.PaddedConvolutions;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;

/**
 * A network ready to run: graph, weights on the device, compiled programs. Opening it maps the
 * weights and reads them once, to see that they are finite. Not for use by several threads at once.
 * It owns its native memory until {@link #close()}; the checkpoint that the weights came from must
 * stay open as long.
 */
@API(status = API.Status.STABLE)
public final class Session implements AutoCloseable {
  private final Graph graph;
  private final Arithmetic arithmetic;
  private final NDManager manager;
  private final NDList weights;
  private final Map<List<String>, Program> programs = new HashMap<>();
  private final Map<List<String>, Program> programsOnGiven = new HashMap<>();
  private final Optional<SharedGeneration> shared;

  private Session(Graph graph, Arithmetic arithmetic, NDManager manager, NDList weights) {
    this.graph = graph;
    this.arithmetic = arithmetic;
    this.manager = manager;
    this.weights = weights;
    this.shared = SharedGeneration.of(graph, arithmetic);
  }

  /**
   * Opens a network.
   *
   * @param weights by name; more than the graph needs is allowed
   * @throws IllegalArgumentException if a parameter is missing or has another shape
   * @throws org.canbridge.tensors.files.InputFileException if a weight from a file is not finite
   */
  public static Session open(Graph graph, Map<String, TensorData> weights, Target target) {
    return open(graph, weights, Arithmetic.here(target));
  }

  /** As {@link #open(Graph, Map, Target)}, with these kernels. */
  public static Session open(Graph graph, Map<String, TensorData> weights, Arithmetic arithmetic) {
    NDManager manager = TorchEngine.newManager(arithmetic.device());
    try {
      return new Session(graph, arithmetic, manager, load(manager, graph, weights, arithmetic));
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  /**
   * A network over arrays that are there already and stay their owner's.
   *
   * @param weights in the order of the graph's parameters, in the type of the precision's border
   */
  static Session over(Graph graph, NDList weights, Arithmetic arithmetic) {
    NDManager manager = TorchEngine.newManager(arithmetic.device());
    try {
      return new Session(graph, arithmetic, manager, prepared(manager, graph, weights, arithmetic));
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  private static NDList load(
      NDManager manager, Graph graph, Map<String, TensorData> tensors, Arithmetic arithmetic) {
    DType type = arithmetic.precision().border();
    if (arithmetic.precision() != Precision.BF16) {
      return prepared(manager, graph, Weights.load(manager, graph, tensors, type), arithmetic);
    }
    try (NDManager wide = manager.newSubManager()) {
      return prepared(manager, graph, Weights.load(wide, graph, tensors, type), arithmetic);
    }
  }

  /**
   * The weights as programs take them; those that stay as they are are the given arrays, which may
   * lie over a file.
   */
  private static NDList prepared(
      NDManager manager, Graph graph, NDList weights, Arithmetic arithmetic) {
    PaddedConvolutions filled = PaddedConvolutions.of(graph, arithmetic.kernels());
    boolean narrow = arithmetic.precision() == Precision.BF16;
    if (weights.isEmpty() || (filled.isEmpty() && !narrow)) {
      return weights;
    }
    List<Node> parameters =
        graph.nodes().stream().filter(node -> node.op() instanceof Op.Parameter).toList();
    try (Program program = Program.compile(graph, List.of(), List.of(), arithmetic)) {
      NDList made = program.prepare(weights);
      NDList prepared = new NDList();
      for (int i = 0; i < made.size(); i++) {
        if (narrow || filled.contains(parameters.get(i))) {
          made.get(i).attach(manager);
          prepared.add(made.get(i));
        } else {
          made.get(i).close();
          prepared.add(weights.get(i));
        }
      }
      return prepared;
    }
  }

  /** The network. */
  public Graph graph() {
    return graph;
  }

  /**
   * One forward pass, one native call; of a condition-aware network two, where generating weights
   * once for each distinct condition saves work.
   *
   * @param inputs by name; every input of the graph, with one batch size. Floating-point and
   *     integer types are converted to what the graph takes
   * @param values names of outputs or module paths
   * @return the values, float32 (float64 with {@link Precision#F64}), in the order asked for
   * @throws IllegalArgumentException if an input is missing or does not fit, or a value is unknown
   */
  public Map<String, TensorData> run(Map<String, TensorData> inputs, List<String> values) {
    Map<String, TensorData> typed = new LinkedHashMap<>();
    int batch = check(inputs, typed);
    try (NDManager scope = manager.newSubManager()) {
      NDList arguments = new NDList();
      typed.values().forEach(tensor -> arguments.add(Weights.array(scope, tensor)));
      Optional<SharedGeneration.Batch> made =
          shared.flatMap(generation -> generation.of(manager, scope, typed, batch, weights));
      made.ifPresent(
          given -> {
            arguments.addAll(given.rows());
            arguments.add(
                scope.create(given.index().stream().mapToLong(Long::longValue).toArray()));
          });
      Program program =
          (made.isPresent() ? programsOnGiven : programs)
              .computeIfAbsent(List.copyOf(values), names -> compile(names, made.isPresent()));
      NDList results = program.forward(arguments, weights);
      Map<String, TensorData> named = new LinkedHashMap<>();
      for (int i = 0; i < values.size(); i++) {
        named.put(values.get(i), tensor(results.get(i)));
      }
      return named;
    }
  }

  private Program compile(List<String> values, boolean onGiven) {
    List<Node> nodes = values.stream().map(graph::value).toList();
    List<Node> given = onGiven ? shared.orElseThrow().generated() : List.of();
    return Program.compile(graph, nodes, given, arithmetic);
  }

  /**
   * Checks the arguments and puts them into {@code typed}, in the graph's order and types.
   *
   * @return the batch size
   */
  private int check(Map<String, TensorData> inputs, Map<String, TensorData> typed) {
    long batch = -1;
    for (Op.Input input : graph.inputs()) {
      TensorData tensor = inputs.get(input.name());
      if (tensor == null) {
        throw new IllegalArgumentException(
            "input '" + input.name() + "' " + input.shape() + " is missing");
      }
      batch = batch < 0 ? batchSize(input, tensor) : batch;
      List<Long> expected = Arrays.stream(input.shape().resolve(batch)).boxed().toList();
      if (!tensor.type().shape().equals(expected)) {
        throw new IllegalArgumentException(
            "input '"
                + input.name()
                + "' must be "
                + expected
                + " but is "
                + tensor.type().shape());
      }
      typed.put(input.name(), Weights.typed(tensor, input.kind(), arithmetic.precision().border()));
      TableRows.check(graph, input, typed.get(input.name()));
    }
    return Math.toIntExact(batch);
  }

  private static long batchSize(Op.Input input, TensorData tensor) {
    Shape shape = input.shape();
    boolean fits = shape.rank() == tensor.type().shape().size() && shape.dim(0).batch();
    return fits ? tensor.type().shape().get(0) / shape.size(0) : 1;
  }

  private TensorData tensor(NDArray array) {
    if (arithmetic.precision() == Precision.F64) {
      return MemoryTensor.of(array.toDoubleArray(), array.getShape().getShape());
    }
    return MemoryTensor.of(array.toFloatArray(), array.getShape().getShape());
  }

  @Override
  public void close() {
    programs.values().forEach(Program::close);
    programsOnGiven.values().forEach(Program::close);
    shared.ifPresent(SharedGeneration::close);
    manager.close();
  }
}
