package org.canbridge.runtime.engine;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.ParameterStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;

/** A TorchScript file with its weights inside, opened and run as DJL does for anybody. */
public final class OpenedScript implements AutoCloseable {
  private final Model model;
  private final Graph graph;

  private OpenedScript(Model model, Graph graph) {
    this.model = model;
    this.graph = graph;
  }

  /**
   * Opens a file.
   *
   * @param graph what it was made of: the order of inputs and outputs
   * @param target whose device it runs on, in float32
   * @throws IOException if it cannot be read
   * @throws IllegalStateException if the engine refuses it
   */
  public static OpenedScript open(Path file, Graph graph, Target target) throws IOException {
    Model model = TorchEngine.newModel(target.place());
    try {
      // By its name: of a stream the engine would keep two copies in memory.
      Path absolute = file.toAbsolutePath();
      model.load(absolute.getParent(), absolute.getFileName().toString());
      return new OpenedScript(model, graph);
    } catch (MalformedModelException | RuntimeException e) {
      model.close();
      throw new IllegalStateException("the engine refused " + file, e);
    }
  }

  /**
   * Runs it in inference mode.
   *
   * @param inputs by name; floating-point ones become float32
   * @return the outputs by name, float32
   */
  public Map<String, TensorData> run(Map<String, TensorData> inputs) {
    try (NDManager scope = model.getNDManager().newSubManager()) {
      NDList arguments = new NDList();
      for (Op.Input input : graph.inputs()) {
        TensorData typed = Weights.typed(inputs.get(input.name()), input.kind(), DType.F32);
        arguments.add(Weights.array(scope, typed));
      }
      NDList results = model.getBlock().forward(new ParameterStore(scope, false), arguments, false);
      List<String> names = List.copyOf(graph.outputs().keySet());
      Map<String, TensorData> named = new LinkedHashMap<>();
      for (int i = 0; i < names.size(); i++) {
        NDArray result = results.get(i);
        named.put(
            names.get(i), MemoryTensor.of(result.toFloatArray(), result.getShape().getShape()));
      }
      return named;
    }
  }

  @Override
  public void close() {
    model.close();
  }
}
