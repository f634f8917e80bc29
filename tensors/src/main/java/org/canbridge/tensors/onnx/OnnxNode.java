package org.canbridge.tensors.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.FileSource;

/** A node of an ONNX graph: an operator with its attributes and the names of its values. */
public final class OnnxNode {
  /** Metadata: the module paths around the node, outermost first, as a Python list. */
  private static final String SCOPES = "pkg.torch.onnx.name_scopes";

  private static final Pattern SCOPE = Pattern.compile("'([^']*)'");

  private final NodeProto node;
  private final FileSource source;
  private final OnnxExternalData external;
  private final List<String> inputs;
  private final List<String> outputs;
  private final String scopes;

  OnnxNode(NodeProto node, FileSource source, OnnxExternalData external) {
    this.node = node;
    this.source = source;
    this.external = external;
    this.inputs = List.copyOf(node.getInputList());
    this.outputs = List.copyOf(node.getOutputList());
    this.scopes = OnnxGraph.metadata(node.getMetadataPropsList(), SCOPES);
  }

  /** Its name, or that of its first output where it has none. */
  public String name() {
    return node.getName().isEmpty() && !outputs.isEmpty() ? outputs.get(0) : node.getName();
  }

  /** The operator, e.g. {@code MatMul}; with its domain where that is not ONNX's own. */
  public String operator() {
    return node.getDomain().isEmpty() || node.getDomain().equals("ai.onnx")
        ? node.getOpType()
        : node.getDomain() + "." + node.getOpType();
  }

  /** Names of the values it takes; an empty one is an optional value that was left out. */
  public List<String> inputs() {
    return inputs;
  }

  /** Names of the values it gives. */
  public List<String> outputs() {
    return outputs;
  }

  /** Whether it has an attribute of this name. */
  public boolean has(String attribute) {
    return find(attribute).isPresent();
  }

  /** A whole number. */
  public long integer(String attribute, long usual) {
    return find(attribute).map(AttributeProto::getI).orElse(usual);
  }

  /** A number, which ONNX stores in float32. */
  public float number(String attribute, float usual) {
    return find(attribute).map(AttributeProto::getF).orElse(usual);
  }

  /** Whole numbers. */
  public List<Long> integers(String attribute, List<Long> usual) {
    return find(attribute).map(a -> List.copyOf(a.getIntsList())).orElse(usual);
  }

  /** Numbers. */
  public List<Float> numbers(String attribute) {
    return find(attribute).map(a -> List.copyOf(a.getFloatsList())).orElse(List.of());
  }

  /** A text. */
  public String text(String attribute, String usual) {
    return find(attribute).map(a -> a.getS().toStringUtf8()).orElse(usual);
  }

  /**
   * A tensor.
   *
   * @throws org.canbridge.tensors.files.InputFileException if it is not as {@link OnnxFile} says
   */
  public Optional<TensorData> tensor(String attribute) {
    return find(attribute).map(AttributeProto::getT).map(this::data);
  }

  private TensorData data(TensorProto tensor) {
    TensorProto named = tensor.toBuilder().setName(name()).build();
    return new OnnxTensor(source, named, OnnxMessage.Place.ELSEWHERE, external).data();
  }

  private Optional<AttributeProto> find(String attribute) {
    return node.getAttributeList().stream().filter(a -> a.getName().equals(attribute)).findFirst();
  }

  /** Whether a {@code Gemm} takes its second operand transposed. */
  boolean transposesB() {
    return integer("transB", 0) != 0;
  }

  /**
   * The path of the module that it belongs to, by the exporter's metadata, else by its name; empty
   * if neither tells one.
   */
  public Optional<String> module() {
    return innermostScope().or(this::pathInName);
  }

  Optional<String> innermostScope() {
    List<String> paths = new ArrayList<>();
    for (Matcher matcher = SCOPE.matcher(scopes); matcher.find(); ) {
      paths.add(matcher.group(1));
    }
    // The last one is the operation itself.
    return paths.size() < 2
        ? Optional.empty()
        : Optional.of(paths.get(paths.size() - 2)).filter(scope -> !scope.isEmpty());
  }

  /**
   * {@code /blocks.0/attn/qkv/MatMul}: module names joined by slashes. The children of a {@code
   * Sequential} repeat its name: {@code /t_embedder/mlp/mlp.0/Gemm}.
   */
  Optional<String> pathInName() {
    if (!node.getName().startsWith("/")) {
      return Optional.empty();
    }
    String[] parts = node.getName().substring(1).split("/", -1);
    List<String> modules = new ArrayList<>();
    for (int i = 0; i + 1 < parts.length; i++) {
      boolean repeated = i + 2 < parts.length && parts[i + 1].startsWith(parts[i] + ".");
      if (!repeated) {
        modules.add(parts[i]);
      }
    }
    return modules.isEmpty() ? Optional.empty() : Optional.of(String.join(".", modules));
  }

  @Override
  public String toString() {
    return operator() + " " + name();
  }
}
