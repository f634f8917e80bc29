package org.canbridge.runtime.engine;

import java.util.Map;
import org.apiguardian.api.API;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.TensorData;

/**
 * A network ready to run: graph, weights on the device, compiled programs; its values are outputs
 * and module paths. Opening it maps the weights and reads them once, to see that they are finite.
 * It owns its native memory until {@link #close()}; the checkpoint that the weights came from must
 * stay open as long.
 */
@API(status = API.Status.STABLE)
public interface Session extends RunningNetwork {

  /**
   * Opens a network on the target's engine.
   *
   * @param weights by name; more than the graph needs is allowed
   * @throws IllegalArgumentException if a parameter is missing or has another shape
   * @throws org.canbridge.tensors.files.InputFileException if a weight from a file is not finite
   */
  static Session open(Graph graph, Map<String, TensorData> weights, Target target) {
    return switch (target.engine()) {
      case PYTORCH -> TorchSession.open(graph, weights, Arithmetic.here(target));
      case ONNXRUNTIME -> OnnxSession.open(graph, weights, target);
    };
  }

  /** The network. */
  Graph graph();
}
