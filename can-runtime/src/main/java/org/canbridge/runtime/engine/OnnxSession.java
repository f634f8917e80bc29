package org.canbridge.runtime.engine;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.onnx.OnnxLowering;
import org.canbridge.runtime.onnx.OnnxOptions;
import org.canbridge.runtime.onnx.OnnxProgram;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.InputFileException;

/**
 * A network in ONNX Runtime. Its weights are handed over as they lie in the mapped file; the
 * runtime keeps them packed for its kernels, once for each set of values that is asked for.
 */
final class OnnxSession implements Session {
  private final Graph graph;
  private final Map<String, TensorData> weights;
  private final WeightFiles files;
  private final Optional<TorchDevice> device;
  private final Map<List<String>, OnnxModel> programs = new HashMap<>();

  private OnnxSession(
      Graph graph,
      Map<String, TensorData> weights,
      WeightFiles files,
      Optional<TorchDevice> device) {
    this.files = files;
    this.graph = graph;
    this.weights = weights;
    this.device = device;
  }

  static OnnxSession open(Graph graph, Map<String, TensorData> tensors, Target target) {
    target.present();
    Map<String, TensorData> weights = Weights.fitting(graph, tensors);
    WeightFiles files = WeightFiles.of(weights.values());
    weights.forEach(Weights::requireFinite);
    return new OnnxSession(graph, weights, files, target.device());
  }

  @Override
  public Graph graph() {
    return graph;
  }

  @Override
  public Map<String, TensorData> run(Map<String, TensorData> inputs, List<String> values) {
    SessionInputs given = SessionInputs.of(graph, inputs, DType.F32);
    return programs
        .computeIfAbsent(List.copyOf(values), this::compile)
        .run(given.tensors(), values);
  }

  private OnnxModel compile(List<String> values) {
    OnnxProgram program = OnnxLowering.of(graph, values, OnnxOptions.defaults());
    Map<String, TensorData> needed = new LinkedHashMap<>();
    program
        .weights()
        .forEach(weight -> needed.put(weight.name(), files.steady(weights.get(weight.name()))));
    OnnxModel model = OnnxModel.open(program.model().toByteArray(), needed, device);
    try {
      files.requireUnwritten();
      return model;
    } catch (InputFileException e) {
      model.close();
      throw e;
    }
  }

  @Override
  public void close() {
    programs.values().forEach(OnnxModel::close);
  }
}
