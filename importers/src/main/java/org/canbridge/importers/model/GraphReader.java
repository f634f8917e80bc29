package org.canbridge.importers.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.keys.KeyFate;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.onnx.OnnxModel;

/**
 * Reads a network of no family from its graph. Operations are known to the runtime alone, which
 * provides it as a {@link ServiceLoader} finds it; without the runtime such files are refused.
 */
public interface GraphReader {

  /**
   * A network.
   *
   * @param config its graph
   * @param tensors its parameters
   * @param fates what became of each initializer
   * @param notes what was decided and what was not recognised, one sentence each
   */
  record Read(
      ModelConfig config,
      Map<String, TensorData> tensors,
      List<KeyFate> fates,
      List<String> notes) {}

  /**
   * Reads a graph.
   *
   * @throws InputFileException if something in it has no counterpart here; all of it is named
   */
  Read read(OnnxModel model, ImportOptions options);

  /** The runtime's, if it is there. */
  static Optional<GraphReader> find() {
    return ServiceLoader.load(GraphReader.class).findFirst();
  }
}
