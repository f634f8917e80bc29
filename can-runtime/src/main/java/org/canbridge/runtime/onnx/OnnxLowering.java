package org.canbridge.runtime.onnx;

import static org.canbridge.runtime.onnx.OnnxBody.integer;
import static org.canbridge.runtime.onnx.OnnxBody.number;
import static org.canbridge.runtime.onnx.OnnxBody.text;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.canbridge.runtime.graph.AttentionOp;
import org.canbridge.runtime.graph.Dim;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.LayoutOp;
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.LookupOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.OpVisitor;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.runtime.graph.Shape;

/**
 * Writes a graph as ONNX. Inputs and outputs have the graph's names; they are float32 {@code
 * (batch, ...)}, integers int64. The batch is the only size that is not fixed, and no size is
 * computed. Labels and token ids are taken as int64, as PyTorch's exporters do, and made int32.
 * There is no operator that came after opset 17, but for {@code Gelu} from opset 20 on, and none of
 * another domain.
 */
public final class OnnxLowering implements OpVisitor<String> {
  private static final int FLOAT = DataType.FLOAT.getNumber();
  private static final int INT32 = DataType.INT32.getNumber();
  private static final String BATCH = "batch";
  private static final String LEFT_OUT = "";

  private final OnnxOptions options;
  private final OnnxBody body;
  private final OnnxConvolutions convolutions;
  private final OnnxAttentions attentions;
  private final Map<Node, String> names = new HashMap<>();

  private OnnxLowering(OnnxOptions options) {
    this.options = options;
    this.body = new OnnxBody(options.opset(), options.type().arithmetic());
    this.convolutions = new OnnxConvolutions(body, options.loops());
    this.attentions = new OnnxAttentions(body);
  }

  /**
   * The program that computes some values of a graph.
   *
   * @param outputs names of outputs or modules of the graph; the program's outputs are called so
   * @throws IllegalArgumentException if there is no such value
   */
  public static OnnxProgram of(Graph graph, List<String> outputs, OnnxOptions options) {
    return new OnnxLowering(options).program(graph, outputs);
  }

  private OnnxProgram program(Graph graph, List<String> outputs) {
    List<Node> values = outputs.stream().map(graph::value).toList();
    Set<Node> needed = Graph.needed(values, Set.of());
    List<OnnxProgram.Weight> weights = new ArrayList<>();
    GraphProto.Builder proto = GraphProto.newBuilder().setName("network");
    for (Node node : graph.nodes()) {
      if (node.op() instanceof Op.Input input) {
        proto.addInput(info(input.name(), node));
      }
      if (needed.contains(node)) {
        if (node.op() instanceof Op.Parameter parameter) {
          weights.add(
              new OnnxProgram.Weight(
                  parameter.name(),
                  options.type(),
                  Arrays.stream(parameter.shape().resolve(1)).boxed().toList()));
        }
        body.at(node.path());
        names.put(node, node.op().accept(this, node.inputs()));
      }
    }
    body.at("");
    for (int i = 0; i < outputs.size(); i++) {
      body.named(outputs.get(i), outer(values.get(i)));
      proto.addOutput(info(outputs.get(i), values.get(i)));
    }
    proto.addAllNode(body.needed(outputs));
    return new OnnxProgram(proto.build(), options, weights);
  }

  /** Name, type and shape of an input or output. */
  private static ValueInfoProto info(String name, Node node) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (Dim dim : node.shape().dims()) {
      TensorShapeProto.Dimension.Builder size = shape.addDimBuilder();
      if (!dim.batch()) {
        size.setDimValue(dim.size());
      } else if (dim.equals(Dim.BATCH)) {
        size.setDimParam(BATCH);
      }
    }
    DataType type = node.kind() == Kind.INT ? DataType.INT64 : DataType.FLOAT;
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape)))
        .build();
  }

  /** A value in the type that it has outside. */
  private String outer(Node node) {
    String name = names.get(node);
    return node.kind() == Kind.INT
        ? body.cast(name, DataType.INT64.getNumber())
        : isTimestep(node) ? name : body.wide(name);
  }

  /** Timesteps reach the sinusoid unrounded: bfloat16 has 8 bits, so 999 would become 1000. */
  private static boolean isTimestep(Node node) {
    return node.op() instanceof Op.Input input && isTimestep(input);
  }

  private static boolean isTimestep(Op.Input input) {
    return input.kind() == Kind.FLOAT && input.shape().equals(Shape.batched());
  }

  private String name(List<Node> in, int i) {
    return names.get(in.get(i));
  }

  private String[] all(List<Node> in) {
    return in.stream().map(names::get).toArray(String[]::new);
  }

  @Override
  public String input(Op.Input op) {
    if (op.kind() == Kind.INT) {
      return body.cast(op.name(), INT32);
    }
    return isTimestep(op) ? op.name() : body.narrow(op.name());
  }

  @Override
  public String parameter(Op.Parameter op) {
    return options.type() == options.type().arithmetic() ? op.name() : body.cast(op.name(), FLOAT);
  }

  /**
   * {@code Gemm} takes the weight as it lies in the file; {@code MatMul} would want it transposed,
   * which the runtime would have to do for every weight before it starts.
   */
  @Override
  public String linear(LinearOp.Linear op, List<Node> in) {
    Shape x = in.get(0).shape();
    boolean matrix = x.rank() == 2;
    String rows = matrix ? name(in, 0) : body.reshape(name(in, 0), -1, x.size(-1));
    List<String> operands = new ArrayList<>(List.of(all(in)));
    operands.set(0, rows);
    String product = body.call("Gemm", operands, integer("transB", 1));
    return matrix ? product : body.reshape(product, sizes(op.shape(in), false));
  }

  @Override
  public String sampleLinear(LinearOp.SampleLinear op, List<Node> in) {
    String product = body.call("MatMul", name(in, 0), body.transposed(name(in, 1), 3));
    return in.size() < 3
        ? product
        : body.call("Add", product, body.reshape(name(in, 2), 0, 1, in.get(2).shape().size(1)));
  }

  @Override
  public String conv2d(LinearOp.Conv2d op, List<Node> in) {
    return convolutions.conv2d(op, in.get(1).shape(), List.of(all(in)));
  }

  @Override
  public String sampleConv2d(LinearOp.SampleConv2d op, List<Node> in) {
    return convolutions.sampleConv2d(op, in, List.of(all(in)));
  }

  @Override
  public String layerNorm(ReductionOp.LayerNorm op, List<Node> in) {
    List<String> operands = wideAll(in);
    if (operands.size() == 1) {
      operands.add(ones(in.get(0).shape().size(-1)));
    }
    return body.narrow(
        body.call(
            "LayerNormalization", operands, integer("axis", -1), number("epsilon", op.eps())));
  }

  private List<String> wideAll(List<Node> in) {
    List<String> wide = new ArrayList<>();
    in.forEach(node -> wide.add(body.wide(names.get(node))));
    return wide;
  }

  private String ones(long n) {
    return filled(1, n);
  }

  private String filled(float value, long n) {
    float[] values = new float[Math.toIntExact(n)];
    Arrays.fill(values, value);
    return body.floats(values, n);
  }

  @Override
  public String batchNorm(ReductionOp.BatchNorm op, List<Node> in) {
    return body.narrow(body.call("BatchNormalization", wideAll(in), number("epsilon", op.eps())));
  }

  /** The norm of each group as if it were one channel; there is no group norm before opset 18. */
  @Override
  public String groupNorm(ReductionOp.GroupNorm op, List<Node> in) {
    Shape x = in.get(0).shape();
    long each = x.elements() / op.groups();
    String groups = body.reshape(body.wide(name(in, 0)), 0, op.groups(), each);
    String normal =
        body.call(
            "InstanceNormalization",
            List.of(groups, ones(op.groups()), filled(0, op.groups())),
            number("epsilon", op.eps()));
    String value = body.reshape(normal, sizes(x, true));
    long[] channels = new long[x.rank() - 1];
    Arrays.fill(channels, 1);
    channels[0] = x.size(1);
    if (in.size() > 1) {
      value = body.call("Mul", value, body.reshape(body.wide(name(in, 1)), channels));
    }
    if (in.size() > 2) {
      value = body.call("Add", value, body.reshape(body.wide(name(in, 2)), channels));
    }
    return body.narrow(value);
  }

  @Override
  public String l2Normalize(ReductionOp.L2Normalize op, List<Node> in) {
    String x = body.wide(name(in, 0));
    return body.narrow(body.call("Div", x, body.reduce("ReduceL2", x, List.of(-1))));
  }

  @Override
  public String attention(AttentionOp.Attention op, List<Node> in) {
    return attentions.attention(in, all(in));
  }

  @Override
  public String causalAttention(AttentionOp.CausalAttention op, List<Node> in) {
    return attentions.causal(in, all(in));
  }

  @Override
  public String reluLinearAttention(AttentionOp.ReluLinearAttention op, List<Node> in) {
    return attentions.reluLinear(op, all(in));
  }

  @Override
  public String pointwise(ElementwiseOp.Pointwise op, List<Node> in) {
    String x = name(in, 0);
    return switch (op.function()) {
      case SILU -> body.call("Mul", x, body.call("Sigmoid", x));
      case RELU -> body.call("Relu", x);
      case HARDSWISH -> body.call("HardSwish", x);
      case TANH -> body.call("Tanh", x);
      case EXP -> body.call("Exp", x);
      case LOG -> body.call("Log", x);
      case SQUARE -> body.call("Mul", x, x);
      case QUICK_GELU ->
          body.call("Mul", x, body.call("Sigmoid", body.call("Mul", x, body.scalar(1.702))));
      case GELU_ERF -> gelu(x, "none");
      case GELU_TANH -> gelu(x, "tanh");
    };
  }

  /** In the form that runtimes know as one operation, where there is none yet. */
  private String gelu(String x, String approximate) {
    if (options.opset() >= 20) {
      return body.call("Gelu", List.of(x), text("approximate", approximate));
    }
    String inner;
    if (approximate.equals("none")) {
      inner = body.call("Erf", body.call("Div", x, body.scalar(Math.sqrt(2))));
    } else {
      String cube = body.call("Mul", x, body.call("Mul", x, x));
      String sum = body.call("Add", x, body.call("Mul", cube, body.scalar(0.044715)));
      inner = body.call("Tanh", body.call("Mul", sum, body.scalar(Math.sqrt(2 / Math.PI))));
    }
    return body.call(
        "Mul", body.call("Mul", x, body.call("Add", inner, body.scalar(1))), body.scalar(0.5));
  }

  @Override
  public String add(ElementwiseOp.Add op, List<Node> in) {
    return body.call("Add", all(in));
  }

  @Override
  public String sub(ElementwiseOp.Sub op, List<Node> in) {
    return body.call("Sub", all(in));
  }

  @Override
  public String mul(ElementwiseOp.Mul op, List<Node> in) {
    return body.call("Mul", all(in));
  }

  @Override
  public String addMul(ElementwiseOp.AddMul op, List<Node> in) {
    return body.call("Add", name(in, 0), body.call("Mul", name(in, 1), name(in, 2)));
  }

  @Override
  public String addScalar(ElementwiseOp.AddScalar op, List<Node> in) {
    return body.call("Add", name(in, 0), body.scalar(op.constant()));
  }

  @Override
  public String mulScalar(ElementwiseOp.MulScalar op, List<Node> in) {
    return body.call("Mul", name(in, 0), body.scalar(op.constant()));
  }

  @Override
  public String divScalar(ElementwiseOp.DivScalar op, List<Node> in) {
    return body.call("Div", name(in, 0), body.scalar(op.constant()));
  }

  @Override
  public String clamp(ElementwiseOp.Clamp op, List<Node> in) {
    return body.call("Clip", name(in, 0), body.scalar(op.least()), body.scalar(op.most()));
  }

  @Override
  public String below(ElementwiseOp.Below op, List<Node> in) {
    return body.narrow(body.cast(body.call("Less", name(in, 0), body.scalar(op.bound())), FLOAT));
  }

  @Override
  public String detach(ElementwiseOp.Detach op, List<Node> in) {
    return name(in, 0);
  }

  @Override
  public String softmax(ReductionOp.Softmax op, List<Node> in) {
    return attentions.softmax(name(in, 0));
  }

  @Override
  public String mean(ReductionOp.Mean op, List<Node> in) {
    return body.narrow(body.reduce("ReduceMean", body.wide(name(in, 0)), op.axes()));
  }

  @Override
  public String reshape(LayoutOp.Reshape op, List<Node> in) {
    return body.reshape(name(in, 0), sizes(op.shape(), startsWithBatch(in.get(0).shape())));
  }

  private static boolean startsWithBatch(Shape shape) {
    return shape.rank() > 0 && shape.dim(0).equals(Dim.BATCH);
  }

  /**
   * Sizes as {@code Reshape} takes them.
   *
   * @param kept whether what is reshaped has the batch as its first axis
   */
  private static long[] sizes(Shape shape, boolean kept) {
    long[] sizes = shape.dims().stream().mapToLong(d -> d.batch() ? -1 : d.size()).toArray();
    if (kept && startsWithBatch(shape)) {
      sizes[0] = 0;
    }
    return sizes;
  }

  @Override
  public String pad(LayoutOp.Pad op, List<Node> in) {
    return body.call(
        "Pad", name(in, 0), body.longs(0, 0, op.top(), op.left(), 0, 0, op.bottom(), op.right()));
  }

  @Override
  public String upsampleNearest(LayoutOp.UpsampleNearest op, List<Node> in) {
    float[] scales = {1, 1, op.factor(), op.factor()};
    return body.call(
        "Resize",
        List.of(name(in, 0), LEFT_OUT, body.floats(scales, 4)),
        text("mode", "nearest"),
        text("coordinate_transformation_mode", "asymmetric"),
        text("nearest_mode", "floor"));
  }

  @Override
  public String permute(LayoutOp.Permute op, List<Node> in) {
    return body.transpose(name(in, 0), op.axes());
  }

  @Override
  public String slice(LayoutOp.Slice op, List<Node> in) {
    return body.slice(name(in, 0), in.get(0).shape().axis(op.axis()), op.from(), op.to());
  }

  @Override
  public String concat(LayoutOp.Concat op, List<Node> in) {
    return body.concat(in.get(0).shape().axis(op.axis()), List.of(all(in)));
  }

  @Override
  public String embedding(LookupOp.Embedding op, List<Node> in) {
    return body.call("Gather", name(in, 1), name(in, 0));
  }

  @Override
  public String selectToken(LookupOp.SelectToken op, List<Node> in) {
    String ids = name(in, 1);
    // The first of several largest values; comparisons are made numbers, which ArgMax needs.
    String searched =
        op.id().isPresent()
            ? body.cast(
                body.call("Equal", ids, body.integer(Math.toIntExact(op.id().getAsLong()))), INT32)
            : ids;
    String position = body.call("ArgMax", List.of(searched), integer("axis", 1));
    return body.call("GatherND", List.of(name(in, 0), position), integer("batch_dims", 1));
  }

  /**
   * The frequencies are a table, in float32 step by step as the reference computes them: an {@code
   * Exp} of the runtime's may round otherwise.
   */
  @Override
  public String timestepEmbedding(LookupOp.TimestepEmbedding op, List<Node> in) {
    float[] frequencies = new float[op.width() / 2];
    float period = (float) -Math.log(op.maxPeriod());
    float last = (float) (frequencies.length - op.shift());
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = (float) Math.exp(period * i / last);
    }
    String t = body.reshape(wideTime(in), 0, 1);
    String angles = body.call("Mul", t, body.floats(frequencies, 1, frequencies.length));
    return body.narrow(body.concat(1, List.of(body.call("Cos", angles), body.call("Sin", angles))));
  }

  private String wideTime(List<Node> in) {
    return isTimestep(in.get(0)) ? name(in, 0) : body.wide(name(in, 0));
  }
}
