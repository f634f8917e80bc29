package org.canbridge.runtime.engine.torchscript;

import static org.canbridge.runtime.engine.torchscript.Torch.call;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.canbridge.runtime.engine.kernels.Kernels;
import org.canbridge.runtime.graph.AttentionOp;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.ElementwiseOp.Pointwise.Function;
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
 * Writes a graph as TorchScript source, one statement a node. The class {@code __torch__.K} has two
 * methods:
 *
 * <ul>
 *   <li>{@code forward(<inputs in the graph's order>, w: List[Tensor]) -> List[Tensor]}: the asked
 *       values, in order, as float32 or, with float64 numbers, float64;
 *   <li>{@code prepare(w: List[Tensor]) -> List[Tensor]}: the weights as {@code forward} wants
 *       them. bfloat16 exists only on that side of the border, since DJL has no such arrays; what
 *       {@code prepare} returns must be treated as opaque.
 * </ul>
 */
public final class TorchScriptLowering implements OpVisitor<String> {
  private static final String WEIGHTS = "w";
  private static final String GIVEN = "given_";
  private static final String ROWS = "rows";

  /** By how much a score is lowered to hide it: its exponential is zero beside any other. */
  private static final String HIDDEN = "1e30";

  private final Numbers numbers;
  private final Kernels kernels;
  private final boolean differentiated;
  private final PackedLinears packed;
  private final PaddedConvolutions filled;
  private final List<Node> given;
  private final Map<String, String> weights = new HashMap<>();
  private final String prefix;
  private final ScriptBody body;
  private final Convolutions convolutions;
  private final Slices slices;

  private TorchScriptLowering(
      Numbers numbers,
      Kernels kernels,
      PackedLinears packed,
      PaddedConvolutions filled,
      List<Node> given,
      String prefix,
      boolean differentiated) {
    this.numbers = numbers;
    this.kernels = kernels;
    this.differentiated = differentiated;
    this.packed = packed;
    this.filled = filled;
    this.given = given;
    this.prefix = prefix;
    this.body = new ScriptBody(prefix);
    this.convolutions = new Convolutions(body, kernels, filled);
    this.slices = new Slices(body);
  }

  /**
   * The program that computes {@code values} of {@code graph}.
   *
   * @param given values {@code (B, R)} that are not computed but passed behind the inputs, each as
   *     {@code (U, R)}, and last the row {@code (B)} that each sample takes of them
   * @param type of floating-point numbers
   * @param kernels that may be asked for
   */
  public static String program(
      Graph graph, List<Node> values, List<Node> given, ScalarType type, Kernels kernels) {
    boolean packs = type == ScalarType.BFLOAT16 && kernels.packedLinears();
    return new TorchScriptLowering(
            Numbers.of(type),
            kernels,
            packs ? PackedLinears.of(graph) : PackedLinears.NONE,
            PaddedConvolutions.of(graph, kernels),
            given,
            "",
            false)
        .program(graph, values, type);
  }

  /**
   * Statements that compute values from {@code <prefix>in_<input>} and the list {@code w}, and the
   * expressions that give them as float32 or, with float64 numbers, float64.
   */
  record Statements(ScriptBody body, List<String> results) {}

  /**
   * The statements of a program that differentiates them; {@code w} is of this type.
   *
   * @param prefix of all names, so that several graphs stand in one method
   */
  static Statements differentiable(
      Graph graph, List<Node> values, ScalarType type, Kernels kernels, String prefix) {
    return new TorchScriptLowering(
            Numbers.of(type),
            kernels,
            PackedLinears.NONE,
            PaddedConvolutions.NONE,
            List.of(),
            prefix,
            true)
        .listed(graph)
        .statements(graph, values);
  }

  /**
   * The statements of a program that others differentiate and move to other devices and types: all
   * kernels as the network has them, samples of a depthwise convolution together, as GPUs want
   * them.
   *
   * @param weights the expression of each parameter by name
   */
  static Statements portable(
      Graph graph, List<Node> values, Numbers numbers, Map<String, String> weights) {
    TorchScriptLowering lowering =
        new TorchScriptLowering(
            numbers,
            Kernels.PLAIN.withSamplesTogether(),
            PackedLinears.NONE,
            PaddedConvolutions.NONE,
            List.of(),
            "",
            true);
    lowering.weights.putAll(weights);
    return lowering.statements(graph, values);
  }

  /** With the parameters as elements of the list {@code w}. */
  private TorchScriptLowering listed(Graph graph) {
    for (Op.Parameter parameter : graph.parameters()) {
      weights.put(parameter.name(), WEIGHTS + "[" + weights.size() + "]");
    }
    return this;
  }

  private Statements statements(Graph graph, List<Node> values) {
    Set<Node> needed = Graph.needed(values, given);
    slices.plan(needed);
    for (Node node : graph.nodes()) {
      if (needed.contains(node)) {
        KernelUse.of(node).forEach(kernel -> kernels.require(kernel, differentiated));
        body.name(node, value(node, values));
      }
    }
    return new Statements(body, values.stream().map(this::result).toList());
  }

  private String program(Graph graph, List<Node> values, ScalarType type) {
    listed(graph)
        .statements(graph, values)
        .body()
        .returns(values.stream().map(this::result).toList());
    List<String> arguments = new ArrayList<>();
    graph.inputs().forEach(i -> arguments.add(ScriptModule.tensor(argument(i.name()))));
    given.forEach(node -> arguments.add(ScriptModule.tensor(GIVEN + node.id())));
    if (!given.isEmpty()) {
      arguments.add(ScriptModule.tensor(ROWS));
    }
    if (!graph.parameters().isEmpty()) {
      arguments.add(ScriptModule.tensors(WEIGHTS));
    }
    ScriptBody prepared = new ScriptBody("");
    prepared.returns(
        graph.nodes().stream()
            .filter(n -> n.op() instanceof Op.Parameter)
            .map(parameter -> prepared(parameter, type))
            .toList());
    return new ScriptModule()
        .method("forward", arguments, body)
        .method("prepare", List.of(ScriptModule.tensors(WEIGHTS)), prepared)
        .toString();
  }

  /** The name under which later statements find the value of {@code node}. */
  private String value(Node node, List<Node> asked) {
    if (node.op() instanceof Op.Parameter) {
      return node.op().accept(this, node.inputs());
    }
    if (given.contains(node)) {
      return body.statement(node, numbers.own(call("index_select", GIVEN + node.id(), 0, ROWS)));
    }
    Node before = node.inputs().isEmpty() ? node : node.inputs().get(0);
    if (packed.isFusedWith(before, node) && !asked.contains(before)) {
      Function gelu = ((ElementwiseOp.Pointwise) node.op()).function();
      return body.statement(
          node,
          packedLinear(before.inputs(), "gelu", gelu == Function.GELU_TANH ? "tanh" : "none"));
    }
    return body.statement(
        node,
        packed.isPackedLayer(node)
            ? packedLinear(node.inputs(), "none", "")
            : node.op().accept(this, node.inputs()));
  }

  private String packedLinear(List<Node> in, String activation, String algorithm) {
    return Torch.mkldnn(
        "_linear_pointwise",
        body.name(in, 0),
        body.name(in, 1),
        body.name(in, 2),
        Torch.quoted(activation),
        "annotate(List[Optional[number]], [])",
        Torch.quoted(algorithm));
  }

  private String result(Node node) {
    String name = body.name(node);
    return node.kind() == Kind.FLOAT ? numbers.result(name) : name;
  }

  private String prepared(Node parameter, ScalarType type) {
    String wide = parameter.op().accept(this, parameter.inputs());
    String own = weight(wide, type);
    if (filled.contains(parameter)) {
      return Convolutions.filled(own, parameter.shape());
    }
    return packed.isPacked(parameter)
        ? Torch.mkldnn("_reorder_linear_weight", own, Torch.NONE)
        : own;
  }

  /** The name of an input in the program. */
  static String argument(String input) {
    return "in_" + input;
  }

  /** A float32 or float64 weight as differentiable statements take it. */
  static String weight(String wide, ScalarType type) {
    return type == ScalarType.BFLOAT16 ? Torch.to(wide, type) : wide;
  }

  /** Lists the weights of the statements that follow. */
  static void weights(ScriptBody body, List<String> weights) {
    body.assign(WEIGHTS, "[" + String.join(", ", weights) + "]");
  }

  /** A call that takes the node's inputs as they stand. */
  private String plain(String operator, List<Node> in) {
    return call(operator, in.stream().map(body::name).toArray());
  }

  /** A call that takes the first {@code count} inputs, optional ones too. */
  private String of(String operator, int count, List<Node> in) {
    Object[] arguments = new Object[count];
    for (int i = 0; i < count; i++) {
      arguments[i] = body.name(in, i);
    }
    return call(operator, arguments);
  }

  @Override
  public String input(Op.Input op) {
    String name = prefix + argument(op.name());
    return op.kind() == Kind.FLOAT && op.shape().rank() > 1 ? numbers.input(name) : name;
  }

  @Override
  public String parameter(Op.Parameter op) {
    return weights.get(op.name());
  }

  @Override
  public String linear(LinearOp.Linear op, List<Node> in) {
    return of("linear", 3, in);
  }

  @Override
  public String sampleLinear(LinearOp.SampleLinear op, List<Node> in) {
    return Convolutions.batchedLinear(body.name(in, 0), body.name(in, 1), body.name(in, 2));
  }

  @Override
  public String conv2d(LinearOp.Conv2d op, List<Node> in) {
    return convolutions.conv2d(op, in);
  }

  @Override
  public String sampleConv2d(LinearOp.SampleConv2d op, List<Node> in) {
    return convolutions.sampleConv2d(op, in);
  }

  @Override
  public String layerNorm(ReductionOp.LayerNorm op, List<Node> in) {
    List<Long> width = List.of(in.get(0).shape().size(-1));
    return call(
        "layer_norm", body.name(in, 0), width, body.name(in, 1), body.name(in, 2), op.eps());
  }

  @Override
  public String batchNorm(ReductionOp.BatchNorm op, List<Node> in) {
    return call(
        "batch_norm",
        body.name(in, 0),
        body.name(in, 1),
        body.name(in, 2),
        body.name(in, 3),
        body.name(in, 4),
        false, // not training
        "0.", // momentum, without meaning
        op.eps(),
        false); // no cuDNN
  }

  @Override
  public String groupNorm(ReductionOp.GroupNorm op, List<Node> in) {
    return call(
        "group_norm",
        body.name(in, 0),
        op.groups(),
        body.name(in, 1),
        body.name(in, 2),
        op.eps(),
        false); // no cuDNN
  }

  @Override
  public String l2Normalize(ReductionOp.L2Normalize op, List<Node> in) {
    String x = body.name(in, 0);
    return call("div", x, call("norm", x, 2, List.of(-1), true));
  }

  @Override
  public String attention(AttentionOp.Attention op, List<Node> in) {
    return plain("scaled_dot_product_attention", in);
  }

  @Override
  public String causalAttention(AttentionOp.CausalAttention op, List<Node> in) {
    String q = body.name(in, 0);
    String k = body.name(in, 1);
    String v = body.name(in, 2);
    if (in.size() < 4) {
      return call("scaled_dot_product_attention", q, k, v, Torch.NONE, "0.", true);
    }
    // Not minus infinity: a token that sees none must not become NaN.
    long tokens = in.get(0).shape().size(2);
    String all = Torch.ones(List.of(tokens, tokens), ScalarType.FLOAT32, q);
    String past = body.temporary(call("tril", all));
    String given = Torch.reshape(body.name(in, 3), -1, 1, 1, tokens);
    String shown = body.temporary(Torch.to(call("ne", given, 0), ScalarType.FLOAT32));
    String bias = call("mul", call("sub", call("mul", past, shown), "1."), HIDDEN);
    String mask = body.temporary(numbers.own(bias));
    return call("scaled_dot_product_attention", q, k, v, mask);
  }

  @Override
  public String reluLinearAttention(AttentionOp.ReluLinearAttention op, List<Node> in) {
    String q = body.temporary(call("relu", numbers.wide(body.name(in, 0))));
    String k = body.temporary(call("relu", numbers.wide(body.name(in, 1))));
    String v = body.temporary(numbers.wide(body.name(in, 2)));
    String products = call("matmul", call("transpose", k, 2, 3), v);
    String sums = call("unsqueeze", call("sum", k, List.of(2)), 3);
    String denominator = call("add", call("matmul", q, sums), op.eps());
    return numbers.own(call("div", call("matmul", q, products), denominator));
  }

  @Override
  public String pointwise(ElementwiseOp.Pointwise op, List<Node> in) {
    String x = body.name(in, 0);
    return switch (op.function()) {
      case SILU -> call("silu", x);
      case RELU -> call("relu", x);
      case HARDSWISH -> call("hardswish", x);
      case TANH -> call("tanh", x);
      case EXP -> call("exp", x);
      case LOG -> call("log", x);
      case SQUARE -> call("pow", x, 2);
      case QUICK_GELU -> call("mul", x, call("sigmoid", call("mul", x, 1.702)));
      case GELU_ERF -> call("gelu", x, Torch.named("approximate", Torch.quoted("none")));
      case GELU_TANH -> call("gelu", x, Torch.named("approximate", Torch.quoted("tanh")));
    };
  }

  @Override
  public String add(ElementwiseOp.Add op, List<Node> in) {
    return plain("add", in);
  }

  @Override
  public String sub(ElementwiseOp.Sub op, List<Node> in) {
    return plain("sub", in);
  }

  @Override
  public String mul(ElementwiseOp.Mul op, List<Node> in) {
    return plain("mul", in);
  }

  @Override
  public String addMul(ElementwiseOp.AddMul op, List<Node> in) {
    return plain("addcmul", in);
  }

  @Override
  public String addScalar(ElementwiseOp.AddScalar op, List<Node> in) {
    return call("add", body.name(in, 0), op.constant());
  }

  @Override
  public String mulScalar(ElementwiseOp.MulScalar op, List<Node> in) {
    return call("mul", body.name(in, 0), op.constant());
  }

  @Override
  public String divScalar(ElementwiseOp.DivScalar op, List<Node> in) {
    return call("div", body.name(in, 0), op.constant());
  }

  @Override
  public String clamp(ElementwiseOp.Clamp op, List<Node> in) {
    return call("clamp", body.name(in, 0), op.least(), op.most());
  }

  @Override
  public String below(ElementwiseOp.Below op, List<Node> in) {
    String x = body.name(in, 0);
    return Torch.to(call("lt", x, op.bound()), x);
  }

  @Override
  public String detach(ElementwiseOp.Detach op, List<Node> in) {
    return plain("detach", in);
  }

  @Override
  public String softmax(ReductionOp.Softmax op, List<Node> in) {
    return call("softmax", body.name(in, 0), -1);
  }

  @Override
  public String mean(ReductionOp.Mean op, List<Node> in) {
    return call("mean", body.name(in, 0), op.axes(), true);
  }

  @Override
  public String reshape(LayoutOp.Reshape op, List<Node> in) {
    return Torch.reshape(
        body.name(in, 0), op.shape().dims().stream().map(d -> d.batch() ? -1 : d.size()).toArray());
  }

  @Override
  public String pad(LayoutOp.Pad op, List<Node> in) {
    List<Integer> sizes = List.of(op.left(), op.right(), op.top(), op.bottom());
    return call("constant_pad_nd", body.name(in, 0), sizes, 0);
  }

  @Override
  public String upsampleNearest(LayoutOp.UpsampleNearest op, List<Node> in) {
    Shape x = in.get(0).shape();
    List<Long> sizes = List.of(x.size(2) * op.factor(), x.size(3) * op.factor());
    return call("upsample_nearest2d", body.name(in, 0), sizes, Torch.NONE, Torch.NONE);
  }

  @Override
  public String permute(LayoutOp.Permute op, List<Node> in) {
    return call("permute", body.name(in, 0), op.axes());
  }

  @Override
  public String slice(LayoutOp.Slice op, List<Node> in) {
    return slices.slice(op, in);
  }

  @Override
  public String concat(LayoutOp.Concat op, List<Node> in) {
    List<String> parts = in.stream().map(body::name).toList();
    return call("cat", parts, in.get(0).shape().axis(op.axis()));
  }

  @Override
  public String embedding(LookupOp.Embedding op, List<Node> in) {
    return call("embedding", body.name(in, 1), body.name(in, 0));
  }

  @Override
  public String selectToken(LookupOp.SelectToken op, List<Node> in) {
    String ids = body.name(in, 1);
    // The first of several largest values; comparisons are made numbers, which argmax needs.
    String searched =
        op.id().isPresent()
            ? Torch.to(call("eq", ids, op.id().getAsLong()), ScalarType.INT64)
            : ids;
    String position = body.temporary(Torch.reshape(call("argmax", searched, 1), -1, 1, 1));
    List<Long> row = List.of(-1L, 1L, in.get(0).shape().size(2));
    String index = call("expand", position, row);
    return call("squeeze", call("gather", body.name(in, 0), 1, index), 1);
  }

  @Override
  public String timestepEmbedding(LookupOp.TimestepEmbedding op, List<Node> in) {
    int half = op.width() / 2;
    String given = body.name(in, 0);
    String single = numbers.timestep(given);
    String t = single.equals(given) ? given : body.temporary(single);
    String index = body.temporary(Torch.range(half, ScalarType.FLOAT32, t));
    String exponent = call("div", call("mul", index, -Math.log(op.maxPeriod())), half - op.shift());
    String frequencies = body.temporary(call("exp", exponent));
    String angles =
        body.temporary(call("mul", call("unsqueeze", t, 1), call("unsqueeze", frequencies, 0)));
    return numbers.own(call("cat", List.of(call("cos", angles), call("sin", angles)), 1));
  }
}
