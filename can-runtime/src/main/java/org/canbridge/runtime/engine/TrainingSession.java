package org.canbridge.runtime.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.canbridge.runtime.engine.torchscript.TrainingLowering;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Loss;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * A network in training: weights, their moving average and the optimizer's state on the device, and
 * the program that moves them. One step is {@link #differentiate}, once or, to gather the gradients
 * of several batches, more often, then {@link #gradientNorm} and {@link #update} or {@link
 * #forget}. Not for use by several threads at once. It owns its native memory until {@link
 * #close()}.
 */
public final class TrainingSession implements AutoCloseable {
  private static final String EMA = "ema.";
  private static final String FIRST = "exp_avg.";
  private static final String SECOND = "exp_avg_sq.";
  private static final String STEP = "step";

  private final Graph graph;
  private final Arithmetic arithmetic;
  private final NDManager manager;
  private final NDList weights;
  private final List<String> trained = new ArrayList<>();
  private final List<Op.Input> lossInputs;
  private final TrainingProgram program;
  private final TrainingProgram.Moving moving;

  /** Trained parameters as the update takes them, group by group, by their place among all. */
  private final List<Integer> order = new ArrayList<>();

  private NDManager step;
  private NDList gradients;

  /**
   * Parameters that move alike.
   *
   * @param names of them
   * @param rate factor of the learning rate
   * @param decay factor of the weight decay; 0 for none
   */
  public record Group(Set<String> names, double rate, double decay) {
    /** Keeps its own copy. */
    public Group {
      names = Set.copyOf(names);
      if (!(rate > 0) || !(decay >= 0)) {
        throw new IllegalArgumentException("no group with rate " + rate + " and decay " + decay);
      }
    }
  }

  /**
   * The numbers of one update.
   *
   * @param learningRate of this step
   * @param beta1 decay of the gradients' average
   * @param beta2 decay of their squares' average
   * @param eps added to the root of the latter
   * @param weightDecay share of a decayed weight that goes, times the learning rate
   * @param divisor what gradients are divided by, 1 or more: more where they are clipped
   * @param emaDecay share of the moving average that stays
   */
  public record Update(
      double learningRate,
      double beta1,
      double beta2,
      double eps,
      double weightDecay,
      double divisor,
      double emaDecay) {}

  private TrainingSession(
      Graph graph,
      Arithmetic arithmetic,
      NDManager manager,
      NDList weights,
      List<Group> groups,
      Loss loss) {
    this.graph = graph;
    this.arithmetic = arithmetic;
    this.manager = manager;
    this.weights = weights;
    List<Boolean> moves = new ArrayList<>();
    for (Op.Parameter parameter : graph.parameters()) {
      boolean found = groups.stream().anyMatch(group -> group.names().contains(parameter.name()));
      moves.add(found);
      if (found) {
        trained.add(parameter.name());
      }
    }
    List<TrainingLowering.Run> runs = new ArrayList<>();
    for (Group group : groups) {
      int from = order.size();
      for (int i = 0; i < trained.size(); i++) {
        if (group.names().contains(trained.get(i))) {
          order.add(i);
        }
      }
      if (order.size() > from) {
        runs.add(new TrainingLowering.Run(from, order.size(), group.rate(), group.decay()));
      }
    }
    NDList moved = new NDList();
    Map<String, NDArray> byName = byName(weights);
    order.forEach(i -> moved.add(byName.get(trained.get(i))));
    this.moving =
        new TrainingProgram.Moving(
            moved, zeros(moved), zeros(moved), scalars(moved.size()), copies(moved));
    this.lossInputs = loss.before(graph).inputs();
    this.program = TrainingProgram.compile(graph, moves, runs, loss, arithmetic);
  }

  /**
   * Copies the weights to the device; the optimizer starts from zero, the moving average from the
   * weights.
   *
   * @param weights by name; more than the graph needs is allowed
   * @param groups the parameters that move; the others stay
   * @throws IllegalArgumentException if a parameter is missing or has another shape, or one to be
   *     trained is no parameter of the network or stands in two groups
   */
  public static TrainingSession open(
      Graph graph, Map<String, TensorData> weights, List<Group> groups, Loss loss, Target target) {
    return open(graph, weights, groups, loss, Arithmetic.here(target));
  }

  /** As {@link #open(Graph, Map, List, Loss, Target)}, with these kernels. */
  public static TrainingSession open(
      Graph graph,
      Map<String, TensorData> weights,
      List<Group> groups,
      Loss loss,
      Arithmetic arithmetic) {
    Set<String> known = new HashSet<>();
    graph.parameters().forEach(parameter -> known.add(parameter.name()));
    Set<String> seen = new HashSet<>();
    for (String name : groups.stream().flatMap(group -> group.names().stream()).toList()) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException("the network has no parameter '" + name + "'");
      }
      if (!seen.add(name)) {
        throw new IllegalArgumentException("'" + name + "' is in two groups");
      }
    }
    if (seen.isEmpty()) {
      throw new IllegalArgumentException("no parameter is to be trained");
    }
    NDManager manager = TorchEngine.newManager(arithmetic.device());
    try {
      NDList own = new NDList();
      try (NDManager mapped = manager.newSubManager()) {
        for (NDArray array :
            Weights.load(mapped, graph, weights, arithmetic.precision().border()).arrays()) {
          NDArray copy = array.duplicate();
          copy.attach(manager);
          own.add(copy);
        }
      }
      return new TrainingSession(graph, arithmetic, manager, own, groups, loss);
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  private Map<String, NDArray> byName(NDList arrays) {
    Map<String, NDArray> named = new LinkedHashMap<>();
    for (int i = 0; i < arrays.size(); i++) {
      named.put(graph.parameters().get(i).name(), arrays.get(i));
    }
    return named;
  }

  private NDList zeros(NDList like) {
    NDList list = new NDList();
    like.forEach(array -> list.add(manager.zeros(array.getShape(), array.getDataType())));
    return list;
  }

  private NDList copies(NDList of) {
    NDList list = new NDList();
    for (NDArray array : of) {
      NDArray copy = array.duplicate();
      copy.attach(manager);
      list.add(copy);
    }
    return list;
  }

  /** The optimizer counts steps for each parameter; its kernel wants them as float32. */
  private NDList scalars(int count) {
    NDList list = new NDList();
    for (int i = 0; i < count; i++) {
      list.add(manager.create(0f));
    }
    return list;
  }

  /** The network. */
  public Graph graph() {
    return graph;
  }

  /** Names of the parameters that move, in the graph's order. */
  public List<String> trained() {
    return List.copyOf(trained);
  }

  /**
   * Forward and backward pass over one batch; its gradients are added to those that {@link #update}
   * will take.
   *
   * @param inputs of the network by name, without {@code x}
   * @param examples inputs of the loss by name
   * @param scale of the gradients: 1 over the number of batches that make one step
   * @return for each term of the loss, its value for each sample
   * @throws IllegalArgumentException if an input is missing
   */
  public double[][] differentiate(
      Map<String, TensorData> inputs, Map<String, TensorData> examples, double scale) {
    if (step == null) {
      step = manager.newSubManager();
    }
    try (NDManager scope = step.newSubManager()) {
      NDList results = program.gradients(scope, arguments(scope, inputs, examples), weights, scale);
      NDList found = new NDList(results.subList(1, results.size()));
      if (gradients == null) {
        found.attach(step);
        gradients = found;
      } else {
        program.accumulate(scope, gradients, found);
      }
      return terms(results.get(0));
    }
  }

  /**
   * The forward pass alone, with the moving average of the weights.
   *
   * @param inputs of the network by name, without {@code x}
   * @param examples inputs of the loss by name
   * @return for each term of the loss, its value for each sample
   * @throws IllegalArgumentException if an input is missing
   */
  public double[][] averagedLosses(
      Map<String, TensorData> inputs, Map<String, TensorData> examples) {
    try (NDManager scope = manager.newSubManager()) {
      NDList average = new NDList(averaged().values());
      return terms(program.losses(scope, arguments(scope, inputs, examples), average));
    }
  }

  private NDList arguments(
      NDManager scope, Map<String, TensorData> inputs, Map<String, TensorData> examples) {
    NDList arguments = new NDList();
    for (Op.Input input : graph.inputs()) {
      if (!input.name().equals(Loss.MADE)) {
        arguments.add(array(scope, input, inputs));
      }
    }
    lossInputs.forEach(input -> arguments.add(array(scope, input, examples)));
    return arguments;
  }

  private static double[][] terms(NDArray results) {
    double[] flat = results.toDoubleArray();
    double[][] values = new double[Math.toIntExact(results.getShape().get(0))][];
    int samples = flat.length / values.length;
    Arrays.setAll(values, i -> Arrays.copyOfRange(flat, i * samples, (i + 1) * samples));
    return values;
  }

  private NDArray array(NDManager scope, Op.Input input, Map<String, TensorData> tensors) {
    TensorData tensor = tensors.get(input.name());
    if (tensor == null) {
      throw new IllegalArgumentException(
          "input '" + input.name() + "' " + input.shape() + " is missing");
    }
    return Weights.array(
        scope, Weights.typed(tensor, input.kind(), arithmetic.precision().border()));
  }

  /** Euclidean norm of all gradients gathered since the last update. */
  public double gradientNorm() {
    try (NDManager scope = manager.newSubManager()) {
      return program.norm(scope, gathered());
    }
  }

  /** The gradients gathered since the last update, by parameter. */
  public Map<String, TensorData> gradients() {
    Map<String, TensorData> named = new LinkedHashMap<>();
    for (int i = 0; i < trained.size(); i++) {
      named.put(trained.get(i), ArrayTensor.of(gathered().get(i), arithmetic.precision().border()));
    }
    return named;
  }

  /** Moves the weights along the gradients gathered since the last update. */
  public void update(Update update) {
    try (NDManager scope = manager.newSubManager()) {
      NDList ordered = new NDList();
      order.forEach(i -> ordered.add(gathered().get(i)));
      program.update(
          scope,
          moving,
          ordered,
          new double[] {
            update.learningRate(),
            update.beta1(),
            update.beta2(),
            update.eps(),
            update.weightDecay(),
            update.divisor(),
            1 - update.emaDecay()
          });
    }
    forget();
  }

  /** Drops the gradients gathered since the last update. */
  public void forget() {
    gradients = null;
    if (step != null) {
      step.close();
      step = null;
    }
  }

  private NDList gathered() {
    if (gradients == null) {
      throw new IllegalStateException("no gradients since the last update");
    }
    return gradients;
  }

  /**
   * All parameters by name as they are when they are read: an update changes what these tensors
   * hold.
   */
  public Map<String, TensorData> weights() {
    return tensors(byName(weights));
  }

  /** As {@link #weights}, with the moving average of those that are trained. */
  public Map<String, TensorData> ema() {
    return tensors(averaged());
  }

  private Map<String, NDArray> averaged() {
    Map<String, NDArray> named = byName(weights);
    for (int k = 0; k < order.size(); k++) {
      named.put(trained.get(order.get(k)), moving.ema().get(k));
    }
    return named;
  }

  private Map<String, TensorData> tensors(Map<String, NDArray> arrays) {
    Map<String, TensorData> named = new LinkedHashMap<>();
    arrays.forEach(
        (name, array) -> named.put(name, ArrayTensor.of(array, arithmetic.precision().border())));
    return named;
  }

  /**
   * What the optimizer remembers, under PyTorch's names: {@code exp_avg.<parameter>}, {@code
   * exp_avg_sq.<parameter>} and the number of steps, {@code step}.
   */
  public Map<String, TensorData> optimizer() {
    Map<String, NDArray> named = new LinkedHashMap<>();
    for (int k = 0; k < order.size(); k++) {
      named.put(FIRST + trained.get(order.get(k)), moving.firstMoments().get(k));
      named.put(SECOND + trained.get(order.get(k)), moving.secondMoments().get(k));
    }
    Map<String, TensorData> tensors = tensors(named);
    tensors.put(STEP, ArrayTensor.of(moving.steps().get(0), DType.F32));
    return tensors;
  }

  /**
   * Goes on from where another session stood.
   *
   * @param weights as {@link #weights} gave them
   * @param ema as {@link #ema} gave them
   * @param optimizer as {@link #optimizer} gave it
   * @throws IllegalArgumentException if a tensor is missing or has another shape
   */
  public void restore(
      Map<String, TensorData> weights,
      Map<String, TensorData> ema,
      Map<String, TensorData> optimizer) {
    byName(this.weights).forEach((name, array) -> set(array, weights.get(name), name));
    for (int k = 0; k < order.size(); k++) {
      String name = trained.get(order.get(k));
      set(moving.ema().get(k), ema.get(name), EMA + name);
      set(moving.firstMoments().get(k), optimizer.get(FIRST + name), FIRST + name);
      set(moving.secondMoments().get(k), optimizer.get(SECOND + name), SECOND + name);
      set(moving.steps().get(k), optimizer.get(STEP), STEP);
    }
  }

  private void set(NDArray array, TensorData value, String name) {
    List<Long> shape = Arrays.stream(array.getShape().getShape()).boxed().toList();
    if (value == null || !value.type().shape().equals(shape)) {
      throw new IllegalArgumentException(
          "'"
              + name
              + "' must be "
              + shape
              + " but is "
              + (value == null ? "missing" : value.type().shape()));
    }
    DType type = name.equals(STEP) ? DType.F32 : arithmetic.precision().border();
    // Not copied into the array: PyTorch warns on stderr of how DJL does that.
    try (NDManager scope = manager.newSubManager()) {
      NDArray read = Weights.array(scope, Tensors.as(value, type)).duplicate();
      read.attach(manager);
      array.intern(read);
    }
  }

  /**
   * The network with the moving average as it is now, ready to run; to be closed before the next
   * update, which changes its weights.
   */
  public Session averagedNetwork() {
    return TorchSession.over(graph, new NDList(averaged().values()), arithmetic);
  }

  @Override
  public void close() {
    program.close();
    manager.close();
  }
}
