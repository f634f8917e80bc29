package org.canbridge.runtime.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.engine.torchscript.KernelCase;
import org.canbridge.runtime.engine.torchscript.KernelCheckLowering;

/**
 * The cases of a check in one precision as a module with a method each: what training lowers a
 * graph to, its gradients, and the optimizer.
 */
final class KernelProgram implements AutoCloseable {
  /** The lists of an update, in its order. */
  private static final List<String> UPDATED = List.of("p", "g", "m", "v", "s", "e");

  private final TorchModule module;

  KernelProgram(List<KernelCase> cases, Target target) {
    String source = KernelCheckLowering.program(cases, target.precision().scalarType());
    module = TorchModule.load(source, target.place(), "check of its kernels");
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
    module.call(scope, "spoil", new NDList(), Map.of());
    NDList arguments = new NDList(inputs);
    arguments.add(seed);
    return module.call(scope, "case" + number, arguments, Map.of("m", weights));
  }

  /** One step of AdamW over four parameters: weights, gradients and state, changed in place. */
  void update(NDManager scope, double[] numbers, List<NDList> lists) {
    Map<String, NDList> named = new LinkedHashMap<>();
    for (int i = 0; i < lists.size(); i++) {
      named.put(UPDATED.get(i), lists.get(i));
    }
    module.call(scope, "update", new NDList(scope.create(numbers)), named);
  }

  @Override
  public void close() {
    module.close();
  }
}
