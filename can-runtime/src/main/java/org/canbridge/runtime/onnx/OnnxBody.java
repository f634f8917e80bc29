package org.canbridge.runtime.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * The nodes of an ONNX graph in execution order. Values are named after the module that they belong
 * to, {@code /blocks.0.attn/Softmax_31}.
 */
final class OnnxBody {
  /** A value that is another one with its axes in another order. */
  private record Transposed(String of, List<Integer> axes) {}

  private static final int FLOAT = DataType.FLOAT.getNumber();

  private final int opset;
  private final OnnxType type;
  private final String prefix;
  private final List<NodeProto> nodes = new ArrayList<>();
  private final Map<TensorProto, String> constants = new HashMap<>();
  private final Map<String, Transposed> transposed = new HashMap<>();
  private final Map<List<Object>, String> casts = new HashMap<>();
  private String scope;

  /**
   * @param opset version of the operators
   * @param type of most values
   */
  OnnxBody(int opset, OnnxType type) {
    this(opset, type, "");
  }

  private OnnxBody(int opset, OnnxType type, String prefix) {
    this.opset = opset;
    this.type = type;
    this.prefix = prefix;
    at("");
  }

  /** Says to which module the following nodes belong. */
  void at(String path) {
    scope = prefix + (path.isEmpty() ? "/" : "/" + path + "/");
  }

  /** A node without attributes. */
  String call(String operator, String... inputs) {
    return call(operator, List.of(inputs));
  }

  /** A node; an input that is left out is the empty name. */
  String call(String operator, List<String> inputs, AttributeProto... attributes) {
    String name = scope + operator + "_" + nodes.size();
    return call(name, name, operator, inputs, attributes);
  }

  /** A value under a name of its own, such as an output. */
  void named(String name, String value) {
    call(scope + "Identity_" + nodes.size(), name, "Identity", List.of(value));
  }

  private String call(
      String name,
      String output,
      String operator,
      List<String> inputs,
      AttributeProto... attributes) {
    nodes.add(
        NodeProto.newBuilder()
            .setName(name)
            .setOpType(operator)
            .addAllInput(inputs)
            .addOutput(output)
            .addAllAttribute(Arrays.asList(attributes))
            .build());
    return output;
  }

  /** The value in another type; asked for twice it is computed once. */
  String cast(String x, int type) {
    return casts.computeIfAbsent(
        List.of(x, type), key -> call("Cast", List.of(x), integer("to", type)));
  }

  /** A value of the network's type in float32. */
  String wide(String x) {
    return type == OnnxType.F32 ? x : cast(x, FLOAT);
  }

  /** A float32 value in the network's type. */
  String narrow(String x) {
    return type == OnnxType.F32 ? x : cast(x, type.number());
  }

  /** The last two axes exchanged. */
  String transposed(String x, int rank) {
    Integer[] axes = new Integer[rank];
    Arrays.setAll(axes, i -> i < rank - 2 ? i : 2 * rank - 3 - i);
    return transpose(x, axes);
  }

  /**
   * The value under another shape; size 0 on the first axis keeps that of x, -1 is what is left.
   */
  String reshape(String x, long... sizes) {
    return call("Reshape", x, longs(sizes));
  }

  /** Axis {@code i} of the result is axis {@code axes[i]} of x; two in a row are one or none. */
  String transpose(String x, Integer... axes) {
    return transpose(x, Arrays.asList(axes));
  }

  /** As {@link #transpose(String, Integer...)}. */
  String transpose(String x, List<Integer> axes) {
    Transposed before = transposed.get(x);
    if (before != null) {
      return transpose(before.of(), axes.stream().map(before.axes()::get).toList());
    }
    List<Integer> sorted = new ArrayList<>(axes);
    Collections.sort(sorted);
    if (axes.equals(sorted)) {
      return x;
    }
    String value = call("Transpose", List.of(x), integers("perm", axes));
    transposed.put(value, new Transposed(x, List.copyOf(axes)));
    return value;
  }

  /** Positions {@code from .. to - 1} of an axis. */
  String slice(String x, int axis, long from, long to) {
    return slice(x, new long[] {from}, new long[] {to}, new long[] {axis}, new long[] {1});
  }

  /** Positions of some axes, every {@code steps}-th. */
  String slice(String x, long[] from, long[] to, long[] axes, long[] steps) {
    return call("Slice", x, longs(from), longs(to), longs(axes), longs(steps));
  }

  /** The inputs one after another along an axis. */
  String concat(int axis, List<String> parts) {
    return call("Concat", parts, integer("axis", axis));
  }

  /**
   * A reduction over axes, which stay with size 1. They are an attribute before opset 18, but for
   * {@code ReduceSum}.
   */
  String reduce(String operator, String x, List<Integer> axes) {
    AttributeProto keep = integer("keepdims", 1);
    return opset < 18 && !operator.equals("ReduceSum")
        ? call(operator, List.of(x), integers("axes", axes), keep)
        : call(operator, List.of(x, longs(axes.stream().mapToLong(a -> a).toArray())), keep);
  }

  /** A list of sizes or positions, which ONNX wants in 64 bits. */
  String longs(long... values) {
    TensorProto.Builder tensor = tensor(DataType.INT64.getNumber(), values.length);
    for (long value : values) {
      tensor.addInt64Data(value);
    }
    return constant(tensor);
  }

  /** A 32-bit integer without axes. */
  String integer(int value) {
    return constant(tensor(DataType.INT32.getNumber()).addInt32Data(value));
  }

  /** A number of the network's type, without axes. */
  String scalar(double value) {
    return number(value, type);
  }

  /** A float32 number without axes. */
  String single(double value) {
    return number(value, OnnxType.F32);
  }

  private String number(double value, OnnxType type) {
    TensorData tensor = Tensors.as(MemoryTensor.of(new float[] {(float) value}), type.dtype());
    return constant(tensor(type.number()).setRawData(ByteString.copyFrom(tensor.bytes())));
  }

  /** float32 numbers. */
  String floats(float[] values, long... shape) {
    return constant(
        tensor(FLOAT, shape)
            .setRawData(ByteString.copyFrom(MemoryTensor.of(values, shape).bytes())));
  }

  private static TensorProto.Builder tensor(int type, long... shape) {
    TensorProto.Builder tensor = TensorProto.newBuilder().setDataType(type);
    Arrays.stream(shape).forEach(tensor::addDims);
    return tensor;
  }

  private String constant(TensorProto.Builder tensor) {
    return constants.computeIfAbsent(
        tensor.build(), value -> constant(prefix + "/Constant_" + nodes.size(), value));
  }

  private String constant(String name, TensorProto value) {
    return call(
        name,
        name,
        "Constant",
        List.of(),
        attribute("value", AttributeProto.AttributeType.TENSOR).setT(value).build());
  }

  /** What is computed of one sample: from the names of its values, the name of the result. */
  @FunctionalInterface
  interface OfSample {
    String of(OnnxBody body, List<String> values);
  }

  /**
   * A loop over the samples.
   *
   * @param inputs values {@code (B, ...)} of the network's type
   * @param shapes of theirs without the batch
   * @param result shape of what is computed of one sample
   * @return the results {@code (B, ...)}
   */
  String eachSample(List<String> inputs, List<long[]> shapes, OfSample sample, long... result) {
    String name = scope + "Scan_" + nodes.size();
    OnnxBody inside = new OnnxBody(opset, type, name);
    GraphProto.Builder graph = GraphProto.newBuilder().setName("sample");
    List<String> values = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      values.add(name + "/in_" + i);
      graph.addInput(info(values.get(i), shapes.get(i)));
    }
    String value = sample.of(inside, values);
    graph.addOutput(info(value, result)).addAllNode(inside.needed(List.of(value)));
    return call(
        name,
        name,
        "Scan",
        inputs,
        attribute("body", AttributeProto.AttributeType.GRAPH).setG(graph).build(),
        integer("num_scan_inputs", inputs.size()));
  }

  private ValueInfoProto info(String name, long... sizes) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    Arrays.stream(sizes).forEach(size -> shape.addDimBuilder().setDimValue(size));
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.number()).setShape(shape)))
        .build();
  }

  /** The nodes that some values need. */
  List<NodeProto> needed(Collection<String> values) {
    Set<String> needed = new HashSet<>(values);
    List<NodeProto> live = new ArrayList<>();
    for (int i = nodes.size() - 1; i >= 0; i--) {
      if (needed.contains(nodes.get(i).getOutput(0))) {
        live.add(nodes.get(i));
        needed.addAll(nodes.get(i).getInputList());
      }
    }
    Collections.reverse(live);
    return live;
  }

  /** An attribute. */
  static AttributeProto integer(String name, long value) {
    return attribute(name, AttributeProto.AttributeType.INT).setI(value).build();
  }

  /** An attribute. */
  static AttributeProto number(String name, double value) {
    return attribute(name, AttributeProto.AttributeType.FLOAT).setF((float) value).build();
  }

  /** An attribute. */
  static AttributeProto text(String name, String value) {
    return attribute(name, AttributeProto.AttributeType.STRING)
        .setS(ByteString.copyFromUtf8(value))
        .build();
  }

  /** An attribute. */
  static AttributeProto integers(String name, List<Integer> values) {
    AttributeProto.Builder attribute = attribute(name, AttributeProto.AttributeType.INTS);
    values.forEach(attribute::addInts);
    return attribute.build();
  }

  private static AttributeProto.Builder attribute(String name, AttributeProto.AttributeType type) {
    return AttributeProto.newBuilder().setName(name).setType(type);
  }
}
