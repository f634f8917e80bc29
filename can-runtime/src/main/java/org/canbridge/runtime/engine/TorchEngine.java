package org.canbridge.runtime.engine;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
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

  static Device device() {
    return Engine.getEngine(NAME).defaultDevice();
  }

  static Model newModel() {
    return Model.newInstance("canbridge", device(), NAME);
  }

  static NDManager newManager() {
    return NDManager.newBaseManager(device(), NAME);
  }
}
