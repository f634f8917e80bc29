package org.canbridge.runtime.export;

import ai.onnx.proto.OnnxMl.TensorProto;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.SameFunction;
import org.canbridge.runtime.engine.OnnxModel;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.onnx.OnnxLowering;
import org.canbridge.runtime.onnx.OnnxOptions;
import org.canbridge.runtime.onnx.OnnxProgram;
import org.canbridge.runtime.onnx.OnnxType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.Json;
import org.canbridge.tensors.safetensors.SafetensorsFile;

/**
 * Networks over one set of weights in ONNX: a model directory with a file for each of them in it,
 * whose large weights are bytes of its file of weights, or one file.
 *
 * @param model what leaves
 * @param graphs what is computed, by the name of the file
 * @param options how it is written
 * @param inline whether the weights go inside
 */
record OnnxExport(Model model, Map<String, Graph> graphs, OnnxOptions options, boolean inline)
    implements Export {
  /** The file of an only network. */
  static final String MODEL = "model.onnx";

  /** Weights of more bytes stand beside the graph. */
  private static final long LARGE = 1 << 20;

  /** What a message of protocol buffers may have, with room for the graph. */
  private static final long MOST = Integer.MAX_VALUE - (64L << 20);

  /**
   * In standard deviations of an output: float16 has 11 bits, and the roundings of a network's
   * layers add up.
   */
  private static final double HALF = 5e-2;

  /**
   * Refuses what no file can hold.
   *
   * @throws IllegalArgumentException with the way out
   */
  void check() {
    long bytes = weights().stream().mapToLong(w -> w.type().bytes()).sum();
    if (inline && bytes > MOST) {
      throw new IllegalArgumentException(
          "an ONNX file can hold 2 GiB, and the weights have "
              + bytes
              + " bytes; without --inline they lie beside it, with --dtype f16 or bf16 they have"
              + " half as many");
    }
  }

  private Set<OnnxProgram.Weight> weights() {
    return graphs.values().stream()
        .flatMap(graph -> program(graph).weights().stream())
        .collect(Collectors.toSet());
  }

  private OnnxProgram program(Graph graph) {
    return OnnxLowering.of(graph, List.copyOf(graph.outputs().keySet()), options);
  }

  private WriteOptions written() {
    return WriteOptions.defaults().withDtype(options.type().dtype()).aligning();
  }

  @Override
  public String contents() {
    return "opset "
        + options.opset()
        + ", "
        + weights().size()
        + " weights, "
        + options.type().dtype()
        + (inline ? ", inside" : ", the large ones in " + ModelDirectory.TENSORS);
  }

  @Override
  public List<String> remarks() {
    return List.of();
  }

  @Override
  public List<ExportedNetwork> networks() {
    List<ExportedNetwork> networks = new ArrayList<>();
    graphs.forEach(
        (file, graph) ->
            networks.add(
                new ExportedNetwork(
                    file.equals(MODEL) ? "" : file,
                    "ONNX Runtime",
                    graph,
                    written().converted(model.checkpoint().tensors()),
                    model.objective(),
                    options.type() == OnnxType.F16 ? HALF : SameFunction.TOLERANCE,
                    written -> open(inline ? written : written.resolve(file), graph))));
    return networks;
  }

  private static ExportedNetwork.Running open(Path file, Graph graph) {
    OnnxModel network = OnnxModel.open(file, Optional.empty());
    return new Running(network, List.copyOf(graph.outputs().keySet()));
  }

  private record Running(OnnxModel network, List<String> outputs)
      implements ExportedNetwork.Running {
    @Override
    public Map<String, TensorData> run(Map<String, TensorData> inputs) {
      return network.run(inputs, outputs);
    }

    @Override
    public void close() {
      network.close();
    }
  }

  @Override
  public void writeTo(Path path) throws IOException {
    if (inline) {
      Map<String, TensorData> tensors = written().converted(model.checkpoint().tensors());
      try (FileChannel channel =
          FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        program(graphs.get(MODEL)).writeTo(channel, tensors, metadata());
      }
      return;
    }
    ModelDirectory.write(path, model.checkpoint(), written());
    try (SafetensorsFile weights = SafetensorsFile.open(path.resolve(ModelDirectory.TENSORS))) {
      for (Map.Entry<String, Graph> graph : graphs.entrySet()) {
        Files.write(
            path.resolve(graph.getKey()),
            program(graph.getValue())
                .model(weight -> initializer(weight, weights), metadata())
                .toByteArray());
      }
    }
  }

  private static TensorProto initializer(OnnxProgram.Weight weight, SafetensorsFile weights) {
    return weight.type().bytes() > LARGE
        ? weight.external(ModelDirectory.TENSORS, weights.position(weight.name()))
        : weight.inside(weights.tensors().get(weight.name()));
  }

  /** What is known of the model beside its graph. */
  private Map<String, String> metadata() {
    Checkpoint checkpoint = model.checkpoint();
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("architecture", checkpoint.config().architecture());
    checkpoint.can().ifPresent(can -> metadata.put("can", can.toString()));
    model.objective().ifPresent(o -> metadata.put("objective", o.toJson().toString()));
    if (!checkpoint.classNames().isEmpty()) {
      metadata.put("class_names", names(checkpoint.classNames()).toString());
    }
    metadata.put("provenance", checkpoint.provenance().toJson().toString());
    return metadata;
  }

  private static ObjectNode names(Map<Integer, List<String>> classes) {
    ObjectNode json = Json.object();
    classes.forEach(
        (row, names) -> {
          ArrayNode list = json.putArray(row.toString());
          names.forEach(list::add);
        });
    return json;
  }
}
