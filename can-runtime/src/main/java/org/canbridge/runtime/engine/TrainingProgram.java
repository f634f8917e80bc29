package org.canbridge.runtime.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.engine.kernels.Kernel;
import org.canbridge.runtime.engine.torchscript.TrainingLowering;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Loss;

/**
 * The arithmetic of training as one TorchScript module: forward, loss and backward pass are one
 * native call, and so is the update of all weights. Gradients are taken inside the program ({@code
 * aten::grad}), so bfloat16 never crosses the border to DJL: with {@link Precision#BF16} the
 * float32 weights are cast in the program, and their gradients are float32 again.
 */
final class TrainingProgram implements AutoCloseable {
  private final TorchModule module;

  private TrainingProgram(TorchModule module) {
    this.module = module;
  }

  /**
   * Compiles the training of a network.
   *
   * @param trained for each of the graph's parameters, in order, whether it gets a gradient
   * @param runs of the trained ones, in the order that {@link #update} gets, that move alike
   */
  static TrainingProgram compile(
      Graph graph,
      List<Boolean> trained,
      List<TrainingLowering.Run> runs,
      Loss loss,
      Arithmetic arithmetic) {
    arithmetic.kernels().require(Kernel.ADAMW, false);
    String source =
        TrainingLowering.program(
            graph, trained, runs, loss, arithmetic.precision().scalarType(), arithmetic.kernels());
    return new TrainingProgram(
        TorchModule.load(source, arithmetic.device(), "training program of this network"));
  }

  /**
   * Forward and backward pass.
   *
   * @param scope owns what is returned
   * @param inputs the network's inputs without {@code x}, in the graph's order, then those of the
   *     loss
   * @param weights all parameters, in the graph's order
   * @param scale of the gradients: 1 over the number of batches that make one step
   * @return the terms of the loss {@code (terms, B)} in float64, then the gradients of the trained
   *     parameters
   */
  NDList gradients(NDManager scope, NDList inputs, NDList weights, double scale) {
    NDList arguments = new NDList(inputs);
    arguments.add(scope.create(scale));
    return module.call(scope, "gradients", arguments, Map.of("m", weights));
  }

  /**
   * The forward pass alone; arguments as for {@link #gradients}.
   *
   * @return the terms of the loss {@code (terms, B)} in float64
   */
  NDArray losses(NDManager scope, NDList inputs, NDList weights) {
    return module.call(scope, "losses", inputs, Map.of("m", weights)).get(0);
  }

  /** Adds {@code more} to {@code gradients}, in place. */
  void accumulate(NDManager scope, NDList gradients, NDList more) {
    Map<String, NDList> lists = new LinkedHashMap<>();
    lists.put("a", gradients);
    lists.put("b", more);
    module.call(scope, "accumulate", new NDList(), lists);
  }

  /** Euclidean norm of all gradients together. */
  double norm(NDManager scope, NDList gradients) {
    return module
        .call(scope, "norm", new NDList(), Map.of("g", gradients))
        .get(0)
        .toDoubleArray()[0];
  }

  /**
   * What {@link #update} changes in place; every list holds the trained parameters in one order.
   */
  record Moving(
      NDList weights, NDList firstMoments, NDList secondMoments, NDList steps, NDList ema) {}

  /**
   * AdamW (Loshchilov and Hutter, ICLR 2019), then the moving average of the weights.
   *
   * @param numbers learning rate, betas, eps, weight decay, by what gradients are divided (to clip
   *     them), and the average's share of new weights
   */
  void update(NDManager scope, Moving moving, NDList gradients, double[] numbers) {
    Map<String, NDList> lists = new LinkedHashMap<>();
    lists.put("p", moving.weights());
    lists.put("g", gradients);
    lists.put("m", moving.firstMoments());
    lists.put("v", moving.secondMoments());
    lists.put("s", moving.steps());
    lists.put("e", moving.ema());
    module.call(scope, "update", new NDList(scope.create(numbers)), lists);
  }

  @Override
  public void close() {
    module.close();
  }
}
