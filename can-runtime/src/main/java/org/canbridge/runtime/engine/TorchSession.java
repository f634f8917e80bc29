package org.canbridge.runtime.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.runtime.engine.torchscript.PaddedConvolutions;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;

/** A network in PyTorch: weights as DJL arrays on the device, and programs in TorchScript. */
public final class TorchSession implements Session {
  private final Graph graph;
  private final Arithmetic arithmetic;
  private final NDManager manager;
  private final NDList weights;
  private final WeightFiles files;
  private final Map<List<String>, Program> programs = new HashMap<>();
  private final Map<List<String>, Program> programsOnGiven = new HashMap<>();
  private final Optional<SharedGeneration> shared;

  private TorchSession(
      Graph graph, Arithmetic arithmetic, NDManager manager, NDList weights, WeightFiles files) {
    this.files = files;
    this.graph = graph;
    this.arithmetic = arithmetic;
    this.manager = manager;
    this.weights = weights;
    this.shared = SharedGeneration.of(graph, arithmetic);
  }

  /** As {@link Session#open}, with these kernels. */
  public static TorchSession open(
      Graph graph, Map<String, TensorData> weights, Arithmetic arithmetic) {
    NDManager manager = TorchEngine.newManager(arithmetic.device());
    try {
      return load(manager, graph, weights, arithmetic);
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
  static TorchSession over(Graph graph, NDList weights, Arithmetic arithmetic) {
    NDManager manager = TorchEngine.newManager(arithmetic.device());
    try {
      NDList made = prepared(manager, graph, weights, arithmetic);
      return new TorchSession(graph, arithmetic, manager, made, WeightFiles.NONE);
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  private static TorchSession load(
      NDManager manager, Graph graph, Map<String, TensorData> tensors, Arithmetic arithmetic) {
    DType type = arithmetic.precision().border();
    boolean narrow = arithmetic.precision() == Precision.BF16;
    try (NDManager wide = manager.newSubManager()) {
      Weights.Loaded loaded = Weights.load(narrow ? wide : manager, graph, tensors, type);
      NDList made = prepared(manager, graph, loaded.arrays(), arithmetic);
      loaded.files().requireUnwritten();
      return new TorchSession(
          graph, arithmetic, manager, made, narrow ? WeightFiles.NONE : loaded.files());
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

  @Override
  public Graph graph() {
    return graph;
  }

  /**
   * One native call; of a condition-aware network two, where generating weights once for each
   * distinct condition saves work.
   */
  @Override
  public Map<String, TensorData> run(Map<String, TensorData> inputs, List<String> values) {
    SessionInputs given = SessionInputs.of(graph, inputs, arithmetic.precision().border());
    try (NDManager scope = manager.newSubManager()) {
      NDList arguments = new NDList();
      given.tensors().values().forEach(tensor -> arguments.add(Weights.array(scope, tensor)));
      Optional<SharedGeneration.Batch> made =
          shared.flatMap(
              generation -> generation.of(manager, scope, given.tensors(), given.batch(), weights));
      made.ifPresent(
          generated -> {
            arguments.addAll(generated.rows());
            arguments.add(
                scope.create(generated.index().stream().mapToLong(Long::longValue).toArray()));
          });
      Program program =
          (made.isPresent() ? programsOnGiven : programs)
              .computeIfAbsent(List.copyOf(values), names -> compile(names, made.isPresent()));
      NDList results = program.forward(arguments, weights);
      files.requireMappedUnwritten();
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
