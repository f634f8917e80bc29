package org.canbridge.runtime.engine;

import java.util.List;
import java.util.Map;
import org.apiguardian.api.API;
import org.canbridge.tensors.TensorData;

/**
 * A network that runs when it is given its inputs by name. Not for use by several threads at once.
 */
@API(status = API.Status.STABLE)
public interface RunningNetwork extends AutoCloseable {

  /**
   * One forward pass.
   *
   * @param inputs by name; every input of the network, with one batch size. Floating-point and
   *     integer types are converted to what it takes
   * @param values names of outputs, and of modules where those can be asked for
   * @return the values, float32 (float64 with {@link Precision#F64}), in the order asked for
   * @throws IllegalArgumentException if an input is missing or does not fit, or a value is unknown
   */
  Map<String, TensorData> run(Map<String, TensorData> inputs, List<String> values);

  /** Frees the native memory. */
  @Override
  void close();
}
