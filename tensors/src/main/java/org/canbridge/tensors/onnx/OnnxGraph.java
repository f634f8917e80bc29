package org.canbridge.tensors.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
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
import org.canbridge.tensors.onnx.ProtoReader.Span;

/**
 * What a model file says about its weights: the initializers, and as much of the graph as tells
 * which layer each belongs to. Subgraphs and functions are passed over.
 */
final class OnnxGraph {
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

  private final ProtoReader file;
  private final OnnxExternalData external;
  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, TensorData> initializers = new LinkedHashMap<>();
  private final Map<String, String> kinds = new LinkedHashMap<>();
  private final Map<String, Object> values = new LinkedHashMap<>();

  private OnnxGraph(FileSource source, OnnxExternalData external) {
    this.file = ProtoReader.of(source);
    this.external = external;
  }

  /** Reads a whole model file; only tensors' elements stay where they are. */
  static OnnxGraph read(FileSource source, OnnxExternalData external) {
    OnnxGraph graph = new OnnxGraph(source, external);
    graph.readModel();
    return graph;
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

  private void readModel() {
    boolean graph = false;
    boolean operators = false;
    while (file.hasNext()) {
      switch (file.nextField()) {
        case ModelProto.IR_VERSION_FIELD_NUMBER -> values.put("ir_version", file.varint());
        case ModelProto.PRODUCER_NAME_FIELD_NUMBER -> values.put("producer", file.text(MAX_TEXT));
        case ModelProto.PRODUCER_VERSION_FIELD_NUMBER ->
            values.put("producer_version", file.text(MAX_TEXT));
        case ModelProto.METADATA_PROPS_FIELD_NUMBER -> {
          Map.Entry<String, String> entry = readEntry(file.message());
          values.put("metadata." + entry.getKey(), entry.getValue());
        }
        case ModelProto.OPSET_IMPORT_FIELD_NUMBER -> {
          operators = true;
          readOperatorSet(file.message());
        }
        case ModelProto.GRAPH_FIELD_NUMBER -> {
          if (graph) {
            throw file.malformed("a second graph", file.position());
          }
          graph = true;
          readGraph(file.message());
        }
        default -> file.skip();
      }
    }
    if (!graph || !operators || !values.containsKey("ir_version")) {
      String missing = !graph ? "graph" : operators ? "ir_version" : "opset_import";
      throw file.malformed("a model without " + missing, file.position());
    }
  }

  private void readOperatorSet(ProtoReader set) {
    String domain = "";
    long version = 0;
    while (set.hasNext()) {
      switch (set.nextField()) {
        case OperatorSetIdProto.DOMAIN_FIELD_NUMBER -> domain = set.text(MAX_TEXT);
        case OperatorSetIdProto.VERSION_FIELD_NUMBER -> version = set.varint();
        default -> set.skip();
      }
    }
    values.put("opset." + (domain.isEmpty() ? "ai.onnx" : domain), version);
  }

  private void readGraph(ProtoReader graph) {
    while (graph.hasNext()) {
      switch (graph.nextField()) {
        case GraphProto.NODE_FIELD_NUMBER -> nodes.add(readNode(graph.message()));
        case GraphProto.VALUE_INFO_FIELD_NUMBER -> readValueInfo(graph.message());
        case GraphProto.INITIALIZER_FIELD_NUMBER -> {
          Span span = graph.span();
          addInitializer(OnnxTensor.read(ProtoReader.of(graph.source(), span), span, external));
        }
        case GraphProto.SPARSE_INITIALIZER_FIELD_NUMBER ->
            throw InputFileException.of(OnnxProblem.SPARSE, graph.source().path())
                .key("byte " + graph.position())
                .what("the model has a sparse initializer")
                .expected("dense tensors")
                .next("export the model again without sparse tensors")
                .build();
        default -> graph.skip();
      }
    }
  }

  private void addInitializer(OnnxTensor tensor) {
    if (initializers.put(tensor.name(), tensor.data()) != null) {
      throw InputFileException.of(TensorProblem.DUPLICATE_KEY, file.source().path())
          .key(tensor.name())
          .what("two initializers have one name")
          .next("the file is ambiguous: get it again from its source")
          .build();
    }
  }

  private static Node readNode(ProtoReader node) {
    String name = "";
    String operator = "";
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    boolean transposesB = false;
    String scopes = "";
    while (node.hasNext()) {
      switch (node.nextField()) {
        case NodeProto.NAME_FIELD_NUMBER -> name = node.text(MAX_TEXT);
        case NodeProto.OP_TYPE_FIELD_NUMBER -> operator = node.text(MAX_TEXT);
        case NodeProto.INPUT_FIELD_NUMBER -> inputs.add(node.text(MAX_TEXT));
        case NodeProto.OUTPUT_FIELD_NUMBER -> outputs.add(node.text(MAX_TEXT));
        case NodeProto.ATTRIBUTE_FIELD_NUMBER -> transposesB |= readsTransB(node.message());
        case NodeProto.METADATA_PROPS_FIELD_NUMBER -> {
          Map.Entry<String, String> entry = readEntry(node.message());
          scopes = entry.getKey().equals(SCOPES) ? entry.getValue() : scopes;
        }
        default -> node.skip();
      }
    }
    return new Node(name, operator, List.copyOf(inputs), List.copyOf(outputs), transposesB, scopes);
  }

  private static boolean readsTransB(ProtoReader attribute) {
    String name = "";
    long value = 0;
    while (attribute.hasNext()) {
      switch (attribute.nextField()) {
        case AttributeProto.NAME_FIELD_NUMBER -> name = attribute.text(MAX_TEXT);
        case AttributeProto.I_FIELD_NUMBER -> value = attribute.varint();
        default -> attribute.skip();
      }
    }
    return name.equals("transB") && value != 0;
  }

  private void readValueInfo(ProtoReader info) {
    String name = "";
    String kind = "";
    while (info.hasNext()) {
      switch (info.nextField()) {
        case ValueInfoProto.NAME_FIELD_NUMBER -> name = info.text(MAX_TEXT);
        case ValueInfoProto.METADATA_PROPS_FIELD_NUMBER -> {
          Map.Entry<String, String> entry = readEntry(info.message());
          kind = entry.getKey().equals(KIND) ? entry.getValue() : kind;
        }
        default -> info.skip();
      }
    }
    if (!kind.isEmpty()) {
      kinds.put(name, kind);
    }
  }

  /** An entry of metadata; a value longer than any that is used here comes out empty. */
  private static Map.Entry<String, String> readEntry(ProtoReader entry) {
    String key = "";
    String value = "";
    while (entry.hasNext()) {
      switch (entry.nextField()) {
        case StringStringEntryProto.KEY_FIELD_NUMBER -> key = entry.text(MAX_TEXT);
        case StringStringEntryProto.VALUE_FIELD_NUMBER -> value = entry.textUpTo(MAX_TEXT);
        default -> entry.skip();
      }
    }
    return Map.entry(key, value);
  }
}
