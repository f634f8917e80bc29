package org.canbridge.runtime.engine;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.ParameterStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import org.canbridge.runtime.engine.torchscript.KernelCase;
import org.canbridge.runtime.engine.torchscript.KernelCheckLowering;
import org.canbridge.runtime.engine.torchscript.TorchScriptArchive;

/**
 * The cases of a check in one precision as a module with a method each: what training lowers a
 * graph to, its gradients, and the optimizer.
 */
final class KernelProgram implements AutoCloseable {
  private final Model model;

  KernelProgram(List<KernelCase> cases, Target target) {
    model = TorchEngine.newModel(target.place());
    String source = KernelCheckLowering.program(cases, target.precision().scalarType());
    try {
      model.load(new ByteArrayInputStream(TorchScriptArchive.of(source)));
    } catch (IOException | MalformedModelException | RuntimeException e) {
      model.close();
      throw new IllegalStateException("the engine refused the check of its kernels:\n" + source, e);
    }
  }

  /**
   * Runs a case.
   *
   * @param scope owns what is returned
   * @param inputs in the graph's order
   * @param seed of the gradients, as large as the output
   * @param weights in the graph's order
   * @return the output and the gradients of inputs and weights, float64
   */
  NDList run(NDManager scope, int number, NDList inputs, NDArray seed, NDList weights) {
    call(scope, "spoil", new NDList());
    NDList arguments = new NDList(inputs);
    arguments.add(seed);
    named(arguments, "m[]", weights);
    return call(scope, "case" + number, arguments);
  }

  /** One step of AdamW over four parameters: weights, gradients and state, changed in place. */
  void update(NDManager scope, double[] numbers, List<NDList> lists) {
    NDList arguments = new NDList(scope.create(numbers));
    for (int i = 0; i < lists.size(); i++) {
      named(arguments, "pgmvse".charAt(i) + "[]", lists.get(i));
    }
    call(scope, "update", arguments);
  }

  private static void named(NDList arguments, String name, NDList list) {
    for (NDArray array : list) {
      array.setName(name);
      arguments.add(array);
    }
  }

  private NDList call(NDManager scope, String method, NDList inputs) {
    NDArray selector = scope.create(0f);
    selector.setName("module_method:" + method);
    NDList arguments = new NDList(selector);
    arguments.addAll(inputs);
    return model.getBlock().forward(new ParameterStore(scope, false), arguments, true);
  }

  @Override
  public void close() {
    model.close();
  }
}
