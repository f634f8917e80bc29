package org.canbridge.runtime.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
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
 *       values, in order, as float32 or, with F64, float64;
 *   <li>{@code prepare(w: List[Tensor]) -> List[Tensor]}: the weights as {@code forward} wants
 *       them. bfloat16 exists only on that side of the border, since DJL 0.35.1 has no such arrays;
 *       what {@code prepare} returns must be treated as opaque.
 * </ul>
 */
final class TorchScriptEmitter implements OpVisitor<String> {
  /** {@code c10::ScalarType} numbers, which serialized TorchScript uses for data types. */
  private static final int FLOAT32 = 6;

  private static final int INT64 = 4;

  private static final int FLOAT64 = 7;

  private static final int BFLOAT16 = 15;

  private static final String GIVEN = "given_";
  private static final String ROWS = "rows";

  /** By how much a score is lowered to hide it: its exponential is zero beside any other. */
  private static final String HIDDEN = "1e30";

  private final Precision precision;
  private final Kernels kernels;
  private final boolean differentiated;
  private final PackedLinears packed;
  private final PaddedConvolutions filled;
  private final List<Node> given;
  private final Map<String, Integer> weightIndex = new HashMap<>();
  private final String prefix;
  private final ScriptBody body;
  private final ConvolutionScript convolutions;
  private final SliceScript slices;

  private TorchScriptEmitter(
      Arithmetic arithmetic,
      PackedLinears packed,
      PaddedConvolutions filled,
      List<Node> given,
      String prefix,
      boolean differentiated) {
    this.precision = arithmetic.precision();
    this.kernels = arithmetic.kernels();
    this.differentiated = differentiated;
    this.packed = packed;
    this.filled = filled;
    this.given = given;
    this.prefix = prefix;
    this.body = new ScriptBody(prefix);
    this.slices = new SliceScript(body);
    this.convolutions = new ConvolutionScript(body, kernels, filled);
  }

  /**
   * The program that computes {@code values} of {@code graph}.
   *
   * @param given values {@code (B, R)} that are not computed but passed behind the inputs, each as
   *     {@code (U, R)}, and last the row {@code (B)} that each sample takes of them
   */
  static String emit(Graph graph, List<Node> values, List<Node> given, Arithmetic arithmetic) {
    PackedLinears packed = arithmetic.isPacked() ? PackedLinears.of(graph) : PackedLinears.NONE;
    PaddedConvolutions filled = PaddedConvolutions.of(graph, arithmetic.kernels());
    return new TorchScriptEmitter(arithmetic, packed, filled, given, "", false)
        .program(graph, values);
  }

  /**
   * Statements that compute values from {@code <prefix>in_<input>} and the list {@code w}, and the
   * expressions that give them as float32 or, with F64, float64.
   */
  record Statements(String text, List<String> results) {}

  /**
   * The statements of {@link #emit} for a program that differentiates them; {@code w} is narrow.
   *
   * @param prefix of all names, so that several graphs stand in one method
   */
  static Statements forTraining(
      Graph graph, List<Node> values, Arithmetic arithmetic, String prefix) {
    return new TorchScriptEmitter(
            arithmetic, PackedLinears.NONE, PaddedConvolutions.NONE, List.of(), prefix, true)
        .statements(graph, values);
  }

  private Statements statements(Graph graph, List<Node> values) {
    List<Op.Parameter> parameters = graph.parameters();
    for (int i = 0; i < parameters.size(); i++) {
      weightIndex.put(parameters.get(i).name(), i);
    }
    Set<Node> needed = needed(values);
    slices.plan(needed);
    for (Node node : graph.nodes()) {
      if (needed.contains(node)) {
        KernelUse.of(node).forEach(kernel -> kernels.require(kernel, differentiated));
        body.name(node, value(node, values));
      }
    }
    return new Statements(
        body.toString(), values.stream().map(v -> result(body.name(v), v)).toList());
  }

  private String program(Graph graph, List<Node> values) {
    List<Op.Parameter> parameters = graph.parameters();
    Statements statements = statements(graph, values);
    String arguments =
        graph.inputs().stream()
            .map(i -> ",\n    " + argument(i.name()) + ": Tensor")
            .collect(Collectors.joining());
    for (Node node : given) {
      arguments += ",\n    " + GIVEN + node.id() + ": Tensor";
    }
    if (!given.isEmpty()) {
      arguments += ",\n    " + ROWS + ": Tensor";
    }
    if (!parameters.isEmpty()) {
      arguments += ",\n    w: List[Tensor]"; // DJL passes no empty lists
    }
    return "class K(Module):\n"
        + "  __parameters__ = []\n"
        + "  __buffers__ = []\n"
        + "  training : bool\n"
        + "  def forward(self: __torch__.K"
        + arguments
        + ") -> List[Tensor]:\n"
        + statements.text()
        + "    return ["
        + String.join(", ", statements.results())
        + "]\n"
        + prepare(graph);
  }

  /** The name under which later statements find the value of {@code node}. */
  private String value(Node node, List<Node> asked) {
    if (node.op() instanceof Op.Parameter) {
      return node.op().accept(this, node.inputs());
    }
    if (given.contains(node)) {
      String all = GIVEN + node.id();
      return body.statement(node, ownPrecision("torch.index_select(" + all + ", 0, " + ROWS + ")"));
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
    return "ops.mkldnn._linear_pointwise("
        + String.join(", ", body.name(in, 0), body.name(in, 1), body.name(in, 2))
        + ", \""
        + activation
        + "\", annotate(List[Optional[number]], []), \""
        + algorithm
        + "\")";
  }

  private Set<Node> needed(List<Node> values) {
    Set<Node> seen = new HashSet<>();
    List<Node> open = new ArrayList<>(values);
    while (!open.isEmpty()) {
      Node node = open.remove(open.size() - 1);
      if (seen.add(node) && !given.contains(node)) {
        open.addAll(node.inputs());
      }
    }
    return seen;
  }

  private String result(String name, Node node) {
    boolean widen = precision == Precision.BF16 && node.kind() == Kind.FLOAT;
    return widen ? "torch.to(" + name + ", " + FLOAT32 + ")" : name;
  }

  private String prepare(Graph graph) {
    String prepared =
        graph.nodes().stream()
            .filter(n -> n.op() instanceof Op.Parameter)
            .map(this::prepared)
            .collect(Collectors.joining(", "));
    return "  def prepare(self: __torch__.K,\n    w: List[Tensor]) -> List[Tensor]:\n    return ["
        + prepared
        + "]\n";
  }

  private String prepared(Node parameter) {
    String wide = parameter.op().accept(this, parameter.inputs());
    String own = precision == Precision.BF16 ? ownPrecision(wide) : wide;
    if (filled.contains(parameter)) {
      return ConvolutionScript.filled(own, parameter.shape());
    }
    return packed.isPacked(parameter)
        ? "ops.mkldnn._reorder_linear_weight(" + own + ", None)"
        : own;
  }

  /** The name of an input in the program. */
  static String argument(String input) {
    return "in_" + input;
  }

  @Override
  public String input(Op.Input op) {
    // Timesteps must reach the sinusoid unrounded: bfloat16 has 8 bits, so 999 would become 1000.
    boolean narrow =
        precision == Precision.BF16 && op.kind() == Kind.FLOAT && op.shape().rank() > 1;
    String name = prefix + argument(op.name());
    return narrow ? "torch.to(" + name + ", " + BFLOAT16 + ")" : name;
  }

  @Override
  public String parameter(Op.Parameter op) {
    return "w[" + weightIndex.get(op.name()) + "]";
  }

  @Override
  public String linear(LinearOp.Linear op, List<Node> in) {
    return "torch.linear("
        + body.name(in, 0)
        + ", "
        + body.name(in, 1)
        + ", "
        + body.name(in, 2)
        + ")";
  }

  @Override
  public String sampleLinear(LinearOp.SampleLinear op, List<Node> in) {
    return ConvolutionScript.batchedLinear(body.name(in, 0), body.name(in, 1), body.name(in, 2));
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
    long width = in.get(0).shape().size(-1);
    return "torch.layer_norm("
        + body.name(in, 0)
        + ", ["
        + width
        + "], "
        + body.name(in, 1)
        + ", "
        + body.name(in, 2)
        + ", "
        + op.eps()
        + ")";
  }

  @Override
  public String batchNorm(ReductionOp.BatchNorm op, List<Node> in) {
    return "torch.batch_norm("
        + inputs(in)
        + ", False, 0., "
        + op.eps()
        + ", False)"; // not training, momentum without meaning, no cuDNN
  }

  @Override
  public String groupNorm(ReductionOp.GroupNorm op, List<Node> in) {
    return "torch.group_norm("
        + String.join(
            ", ",
            body.name(in, 0),
            Integer.toString(op.groups()),
            body.name(in, 1),
            body.name(in, 2),
            Double.toString(op.eps()))
        + ", False)"; // no cuDNN
  }

  @Override
  public String l2Normalize(ReductionOp.L2Normalize op, List<Node> in) {
    return "torch.div("
        + body.name(in, 0)
        + ", torch.norm("
        + body.name(in, 0)
        + ", 2, [-1], True))";
  }

  @Override
  public String attention(AttentionOp.Attention op, List<Node> in) {
    return "torch.scaled_dot_product_attention("
        + body.name(in, 0)
        + ", "
        + body.name(in, 1)
        + ", "
        + body.name(in, 2)
        + ")";
  }

  @Override
  public String causalAttention(AttentionOp.CausalAttention op, List<Node> in) {
    String operands = body.name(in, 0) + ", " + body.name(in, 1) + ", " + body.name(in, 2);
    if (in.size() < 4) {
      return "torch.scaled_dot_product_attention(" + operands + ", None, 0., True)";
    }
    // Not minus infinity: a token that sees none must not become NaN.
    long tokens = in.get(0).shape().size(2);
    String past =
        body.temporary(
            "torch.tril(torch.ones("
                + ScriptBody.list(tokens, tokens)
                + ", dtype="
                + FLOAT32
                + ", layout=None, device=ops.prim.device("
                + body.name(in, 0)
                + "), pin_memory=False))");
    String shown =
        body.temporary(
            "torch.to(torch.ne(torch.reshape("
                + body.name(in, 3)
                + ", "
                + ScriptBody.list(-1, 1, 1, tokens)
                + "), 0), "
                + FLOAT32
                + ")");
    String bias =
        "torch.mul(torch.sub(torch.mul(" + past + ", " + shown + "), 1.), " + HIDDEN + ")";
    String mask = body.temporary(ownPrecision(bias));
    return "torch.scaled_dot_product_attention(" + operands + ", " + mask + ")";
  }

  @Override
  public String reluLinearAttention(AttentionOp.ReluLinearAttention op, List<Node> in) {
    String q = body.temporary("torch.relu(" + widened(body.name(in, 0)) + ")");
    String k = body.temporary("torch.relu(" + widened(body.name(in, 1)) + ")");
    String v = body.temporary(widened(body.name(in, 2)));
    String products = "torch.matmul(torch.transpose(" + k + ", 2, 3), " + v + ")";
    String sums = "torch.unsqueeze(torch.sum(" + k + ", [2]), 3)";
    String mixed =
        "torch.div(torch.matmul("
            + q
            + ", "
            + products
            + "), torch.add(torch.matmul("
            + q
            + ", "
            + sums
            + "), "
            + op.eps()
            + "))";
    return ownPrecision(mixed);
  }

  /** A value as the rest of the network computes. */
  private String ownPrecision(String value) {
    return switch (precision) {
      case F32 -> value;
      case BF16 -> "torch.to(" + value + ", " + BFLOAT16 + ")";
      case F64 -> "torch.to(" + value + ", " + FLOAT64 + ")";
    };
  }

  private String widened(String value) {
    return precision == Precision.BF16 ? "torch.to(" + value + ", " + FLOAT32 + ")" : value;
  }

  @Override
  public String pointwise(ElementwiseOp.Pointwise op, List<Node> in) {
    return switch (op.function()) {
      case SILU -> "torch.silu(" + body.name(in, 0) + ")";
      case RELU -> "torch.relu(" + body.name(in, 0) + ")";
      case HARDSWISH -> "torch.hardswish(" + body.name(in, 0) + ")";
      case TANH -> "torch.tanh(" + body.name(in, 0) + ")";
      case EXP -> "torch.exp(" + body.name(in, 0) + ")";
      case LOG -> "torch.log(" + body.name(in, 0) + ")";
      case SQUARE -> "torch.pow(" + body.name(in, 0) + ", 2)";
      case QUICK_GELU ->
          "torch.mul("
              + body.name(in, 0)
              + ", torch.sigmoid(torch.mul("
              + body.name(in, 0)
              + ", 1.702)))";
      case GELU_ERF -> "torch.gelu(" + body.name(in, 0) + ", approximate=\"none\")";
      case GELU_TANH -> "torch.gelu(" + body.name(in, 0) + ", approximate=\"tanh\")";
    };
  }

  @Override
  public String add(ElementwiseOp.Add op, List<Node> in) {
    return "torch.add(" + body.name(in, 0) + ", " + body.name(in, 1) + ")";
  }

  @Override
  public String sub(ElementwiseOp.Sub op, List<Node> in) {
    return "torch.sub(" + inputs(in) + ")";
  }

  @Override
  public String mul(ElementwiseOp.Mul op, List<Node> in) {
    return "torch.mul(" + inputs(in) + ")";
  }

  @Override
  public String below(ElementwiseOp.Below op, List<Node> in) {
    String x = body.name(in, 0);
    return "torch.to(torch.lt(" + x + ", " + op.bound() + "), " + x + ")";
  }

  @Override
  public String detach(ElementwiseOp.Detach op, List<Node> in) {
    return "torch.detach(" + body.name(in, 0) + ")";
  }

  @Override
  public String addScalar(ElementwiseOp.AddScalar op, List<Node> in) {
    return "torch.add(" + body.name(in, 0) + ", " + op.constant() + ")";
  }

  @Override
  public String mulScalar(ElementwiseOp.MulScalar op, List<Node> in) {
    return "torch.mul(" + body.name(in, 0) + ", " + op.constant() + ")";
  }

  @Override
  public String divScalar(ElementwiseOp.DivScalar op, List<Node> in) {
    return "torch.div(" + body.name(in, 0) + ", " + op.constant() + ")";
  }

  @Override
  public String clamp(ElementwiseOp.Clamp op, List<Node> in) {
    return "torch.clamp(" + body.name(in, 0) + ", " + op.least() + ", " + op.most() + ")";
  }

  @Override
  public String addMul(ElementwiseOp.AddMul op, List<Node> in) {
    return "torch.addcmul("
        + body.name(in, 0)
        + ", "
        + body.name(in, 1)
        + ", "
        + body.name(in, 2)
        + ")";
  }

  @Override
  public String softmax(ReductionOp.Softmax op, List<Node> in) {
    return "torch.softmax(" + body.name(in, 0) + ", -1)";
  }

  @Override
  public String mean(ReductionOp.Mean op, List<Node> in) {
    return "torch.mean(" + body.name(in, 0) + ", " + op.axes() + ", True)";
  }

  @Override
  public String reshape(LayoutOp.Reshape op, List<Node> in) {
    long[] sizes = op.shape().dims().stream().mapToLong(d -> d.batch() ? -1 : d.size()).toArray();
    return "torch.reshape(" + body.name(in, 0) + ", " + ScriptBody.list(sizes) + ")";
  }

  @Override
  public String pad(LayoutOp.Pad op, List<Node> in) {
    return "torch.constant_pad_nd("
        + body.name(in, 0)
        + ", "
        + ScriptBody.list(op.left(), op.right(), op.top(), op.bottom())
        + ", 0)";
  }

  @Override
  public String upsampleNearest(LayoutOp.UpsampleNearest op, List<Node> in) {
    Shape x = in.get(0).shape();
    return "torch.upsample_nearest2d("
        + body.name(in, 0)
        + ", "
        + ScriptBody.list(x.size(2) * op.factor(), x.size(3) * op.factor())
        + ", None, None)";
  }

  @Override
  public String permute(LayoutOp.Permute op, List<Node> in) {
    return "torch.permute(" + body.name(in, 0) + ", " + op.axes() + ")";
  }

  @Override
  public String slice(LayoutOp.Slice op, List<Node> in) {
    return slices.slice(op, in);
  }

  @Override
  public String concat(LayoutOp.Concat op, List<Node> in) {
    return "torch.cat([" + inputs(in) + "], " + in.get(0).shape().axis(op.axis()) + ")";
  }

  @Override
  public String embedding(LookupOp.Embedding op, List<Node> in) {
    return "torch.embedding(" + body.name(in, 1) + ", " + body.name(in, 0) + ")";
  }

  @Override
  public String selectToken(LookupOp.SelectToken op, List<Node> in) {
    String ids = body.name(in, 1);
    // The first of several largest values; comparisons are made numbers, which argmax needs.
    String searched =
        op.id().isPresent()
            ? "torch.to(torch.eq(" + ids + ", " + op.id().getAsLong() + "), " + INT64 + ")"
            : ids;
    String position =
        body.temporary(
            "torch.reshape(torch.argmax(" + searched + ", 1), " + ScriptBody.list(-1, 1, 1) + ")");
    long width = in.get(0).shape().size(2);
    return "torch.squeeze(torch.gather("
        + body.name(in, 0)
        + ", 1, torch.expand("
        + position
        + ", "
        + ScriptBody.list(-1, 1, width)
        + ")), 1)";
  }

  @Override
  public String timestepEmbedding(LookupOp.TimestepEmbedding op, List<Node> in) {
    int half = op.width() / 2;
    String t =
        precision == Precision.F64
            ? body.temporary("torch.to(" + body.name(in, 0) + ", " + FLOAT32 + ")")
            : body.name(in, 0);
    String index =
        body.temporary(
            "torch.arange("
                + half
                + ", dtype="
                + FLOAT32
                + ", layout=None, device=ops.prim.device("
                + t
                + "), pin_memory=False)");
    String exponent =
        "torch.div(torch.mul("
            + index
            + ", "
            + -Math.log(op.maxPeriod())
            + "), "
            + (half - op.shift())
            + ")";
    String frequencies = body.temporary("torch.exp(" + exponent + ")");
    String angles =
        body.temporary(
            "torch.mul(torch.unsqueeze(" + t + ", 1), torch.unsqueeze(" + frequencies + ", 0))");
    String sinusoid = "torch.cat([torch.cos(" + angles + "), torch.sin(" + angles + ")], 1)";
    return ownPrecision(sinusoid);
  }

  private String inputs(List<Node> in) {
    return in.stream().map(body::name).collect(Collectors.joining(", "));
  }
}
