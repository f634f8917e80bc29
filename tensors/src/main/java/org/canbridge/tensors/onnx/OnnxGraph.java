package org.canbridge.tensors.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;

/**
 * What a model file says about its weights: the initializers, and as much of the graph as tells
 * which layer each belongs to. Subgraphs and functions are passed over.
 */
final class OnnxGraph {
  /** No metadata that is used here comes near it. */
  private static final int MAX_TEXT = 1 << 16;

  /** Metadata of an exported program: {@code PARAMETER}, {@code BUFFER} ... for a kept name. */
  private static final String KIND = "pkg.torch.export.graph_signature.InputSpec.kind";

  private static final Set<Integer> FLOATING =
      Set.of(
          DataType.FLOAT.getNumber(),
          DataType.DOUBLE.getNumber(),
          DataType.FLOAT16.getNumber(),
          DataType.BFLOAT16.getNumber());

  private final List<OnnxNode> nodes = new ArrayList<>();
  private final List<OnnxModel.Argument> arguments = new ArrayList<>();
  private final List<OnnxModel.Argument> results = new ArrayList<>();
  private final Map<String, TensorData> initializers = new LinkedHashMap<>();
  private final Map<String, String> kinds = new LinkedHashMap<>();
  private final Map<String, Object> values = new LinkedHashMap<>();

  private OnnxGraph(FileSource source, OnnxExternalData external) {
    OnnxMessage message = OnnxMessage.read(source);
    readValues(message.model());
    GraphProto graph = message.model().getGraph();
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      addInitializer(
          source,
          new OnnxTensor(source, graph.getInitializer(i), message.initializers().get(i), external));
    }
    graph.getNodeList().forEach(node -> nodes.add(new OnnxNode(node, source, external)));
    graph.getInputList().forEach(info -> arguments.add(argument(info)));
    graph.getOutputList().forEach(info -> results.add(argument(info)));
    for (ValueInfoProto info : graph.getValueInfoList()) {
      String kind = metadata(info.getMetadataPropsList(), KIND);
      if (!kind.isEmpty()) {
        kinds.put(info.getName(), kind);
      }
    }
  }

  /** Reads a whole model file; only tensors' elements stay where they are. */
  static OnnxGraph read(FileSource source, OnnxExternalData external) {
    return new OnnxGraph(source, external);
  }

  /** In the order of execution. */
  List<OnnxNode> nodes() {
    return nodes;
  }

  /** What the graph takes; older files list the initializers too. */
  List<OnnxModel.Argument> arguments() {
    return arguments;
  }

  /** What it gives. */
  List<OnnxModel.Argument> results() {
    return results;
  }

  /** By name, in the file's order. */
  Map<String, TensorData> initializers() {
    return initializers;
  }

  /**
   * For models of the exporter that is based on {@code torch.export}: what each value was in the
   * exported program. Only values that have kept their names in the state dict are here.
   */
  Map<String, String> kinds() {
    return kinds;
  }

  /** Producer, versions and metadata. */
  Map<String, Object> values() {
    return values;
  }

  private void readValues(ModelProto model) {
    values.put("ir_version", model.getIrVersion());
    if (model.hasProducerName()) {
      values.put("producer", model.getProducerName());
    }
    if (model.hasProducerVersion()) {
      values.put("producer_version", model.getProducerVersion());
    }
    for (OperatorSetIdProto set : model.getOpsetImportList()) {
      String domain = set.getDomain().isEmpty() ? "ai.onnx" : set.getDomain();
      values.put("opset." + domain, set.getVersion());
    }
    for (StringStringEntryProto entry : model.getMetadataPropsList()) {
      values.put("metadata." + entry.getKey(), value(entry));
    }
  }

  private void addInitializer(FileSource source, OnnxTensor tensor) {
    if (initializers.put(tensor.name(), tensor.data()) != null) {
      throw InputFileException.of(TensorProblem.DUPLICATE_KEY, source.path())
          .key(tensor.name())
          .what("two initializers have one name")
          .next("the file is ambiguous: get it again from its source")
          .build();
    }
  }

  private static OnnxModel.Argument argument(ValueInfoProto info) {
    TypeProto.Tensor type = info.getType().getTensorType();
    List<OptionalLong> sizes = new ArrayList<>();
    for (Dimension dimension : type.getShape().getDimList()) {
      sizes.add(
          dimension.hasDimValue() && dimension.getDimValue() > 0
              ? OptionalLong.of(dimension.getDimValue())
              : OptionalLong.empty());
    }
    return new OnnxModel.Argument(
        info.getName(), FLOATING.contains(type.getElemType()), List.copyOf(sizes));
  }

  /** The last entry with this key, or an empty text. */
  static String metadata(List<StringStringEntryProto> entries, String key) {
    String found = "";
    for (StringStringEntryProto entry : entries) {
      found = entry.getKey().equals(key) ? value(entry) : found;
    }
    return found;
  }

  /** An entry's value; one longer than any that is used here comes out empty. */
  private static String value(StringStringEntryProto entry) {
    return entry.getValueBytes().size() > MAX_TEXT ? "" : entry.getValue();
  }
}
