package org.canbridge.runtime.engine;

import java.util.List;
import java.util.Map;
import org.apiguardian.api.API;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.TensorData;

/**
 * A network ready to run: graph, weights on the device, compiled programs. Opening it maps the
 * weights and reads them once, to see that they are finite. Not for use by several threads at once.
 * It owns its native memory until {@link #close()}; the checkpoint that the weights came from must
 * stay open as long.
 */
@API(status = API.Status.STABLE)
public interface Session extends AutoCloseable {

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

  /**
   * One forward pass.
   *
   * @param inputs by name; every input of the graph, with one batch size. Floating-point and
   *     integer types are converted to what the graph takes
   * @param values names of outputs or module paths
   * @return the values, float32 (float64 with {@link Precision#F64}), in the order asked for
   * @throws IllegalArgumentException if an input is missing or does not fit, or a value is unknown
   */
  Map<String, TensorData> run(Map<String, TensorData> inputs, List<String> values);

  /** Frees the native memory. */
  @Override
  void close();
}
