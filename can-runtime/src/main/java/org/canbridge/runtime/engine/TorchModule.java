package org.canbridge.runtime.engine;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.ParameterStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Map;
import org.canbridge.runtime.engine.torchscript.TorchScriptArchive;

/** TorchScript source, loaded; a call of a method is one native call. */
final class TorchModule implements AutoCloseable {
  private final Model model;

  private TorchModule(Model model) {
    this.model = model;
  }

  /**
   * Loads a module.
   *
   * @param what it is, for the message if the engine refuses it
   */
  static TorchModule load(String source, TorchDevice device, String what) {
    Model model = TorchEngine.newModel(device);
    try {
      model.load(new ByteArrayInputStream(TorchScriptArchive.of(source)));
      return new TorchModule(model);
    } catch (IOException | MalformedModelException | RuntimeException e) {
      model.close();
      throw new IllegalStateException("the engine refused the " + what + ":\n" + source, e);
    }
  }

  /**
   * Calls {@code forward} in inference mode.
   *
   * @param inputs their first one's manager owns what is returned
   * @param weights the list {@code w}
   */
  NDList forward(NDList inputs, NDList weights) {
    NDList arguments = new NDList(inputs);
    name("w", weights, arguments);
    return model
        .getBlock()
        .forward(new ParameterStore(model.getNDManager(), false), arguments, false);
  }

  /**
   * Calls another method.
   *
   * @param scope owns what is returned
   * @param inputs that are tensors
   * @param lists that are lists of tensors, by name, in the method's order
   */
  NDList call(NDManager scope, String method, NDList inputs, Map<String, NDList> lists) {
    // DJL takes the method's name from an array's name; the array itself is not passed on.
    NDArray selector = scope.create(0f);
    selector.setName("module_method:" + method);
    NDList arguments = new NDList(selector);
    arguments.addAll(inputs);
    lists.forEach((name, list) -> name(name, list, arguments));
    // "training" keeps the engine out of inference mode, in which nothing can be differentiated.
    return model.getBlock().forward(new ParameterStore(scope, false), arguments, true);
  }

  /** DJL gathers all arrays of one such name into one list. */
  private static void name(String name, NDList list, NDList arguments) {
    for (NDArray array : list) {
      array.setName(name + "[]");
      arguments.add(array);
    }
  }

  @Override
  public void close() {
    model.close();
  }
}
