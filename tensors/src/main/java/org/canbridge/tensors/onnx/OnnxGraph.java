package org.canbridge.tensors.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  /** Metadata of a node: the module paths around it, outermost first, as a Python list. */
  private static final String SCOPES = "pkg.torch.onnx.name_scopes";

  /**
   * A node.
   *
   * @param transposesB whether a {@code Gemm} takes its second operand transposed
   * @param scopes {@link #SCOPES}, or empty
   */
  record Node(
      String name,
      String operator,
      List<String> inputs,
      List<String> outputs,
      boolean transposesB,
      String scopes) {}

  private final List<Node> nodes = new ArrayList<>();
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
    graph.getNodeList().forEach(node -> nodes.add(node(node)));
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
  List<Node> nodes() {
    return nodes;
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

  private static Node node(NodeProto node) {
    boolean transposesB =
        node.getAttributeList().stream()
            .anyMatch(attribute -> attribute.getName().equals("transB") && attribute.getI() != 0);
    return new Node(
        node.getName(),
        node.getOpType(),
        List.copyOf(node.getInputList()),
        List.copyOf(node.getOutputList()),
        transposesB,
        metadata(node.getMetadataPropsList(), SCOPES));
  }

  /** The last entry with this key, or an empty text. */
  private static String metadata(List<StringStringEntryProto> entries, String key) {
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
