package org.canbridge.runtime.engine;

import ai.djl.Model;
import ai.djl.ndarray.NDManager;

/** DJL's PyTorch engine, set up once. */
final class TorchEngine {
  static final String NAME = "PyTorch";

  static {
    // The profiling executor doubles the time of the first two calls and gains nothing here; the
    // property is read at every call.
    if (System.getProperty("ai.djl.pytorch.graph_optimizer") == null) {
      System.setProperty("ai.djl.pytorch.graph_optimizer", "false");
    }
  }

  private TorchEngine() {}

  static Model newModel(TorchDevice device) {
    return Model.newInstance("canbridge", device.device(), NAME);
  }

  static NDManager newManager(TorchDevice device) {
    return NDManager.newBaseManager(device.device(), NAME);
  }
}
