package org.canbridge.runtime.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Op.Pointwise.Function;
import org.canbridge.runtime.graph.OpVisitor;
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
  private final PackedLinears packed;
  private final List<Node> given;
  private final Map<String, Integer> weightIndex = new HashMap<>();
  private final Map<Node, String> names = new HashMap<>();
  private final StringBuilder body = new StringBuilder();
  private int temporaries;

  private TorchScriptEmitter(Precision precision, PackedLinears packed, List<Node> given) {
    this.precision = precision;
    this.packed = packed;
    this.given = given;
  }

  /**
   * The program that computes {@code values} of {@code graph}.
   *
   * @param given values {@code (B, R)} that are not computed but passed behind the inputs, each as
   *     {@code (U, R)}, and last the row {@code (B)} that each sample takes of them
   */
  static String emit(
      Graph graph, List<Node> values, List<Node> given, Precision precision, PackedLinears packed) {
    return new TorchScriptEmitter(precision, packed, given).program(graph, values);
  }

  private String program(Graph graph, List<Node> values) {
    List<Op.Parameter> parameters = graph.parameters();
    for (int i = 0; i < parameters.size(); i++) {
      weightIndex.put(parameters.get(i).name(), i);
    }
    Set<Node> needed = needed(values);
    for (Node node : graph.nodes()) {
      if (needed.contains(node)) {
        names.put(node, value(node, values));
      }
    }
    String arguments =
        graph.inputs().stream()
            .map(i -> ",\n    " + argument(i) + ": Tensor")
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
    String results =
        values.stream().map(v -> result(names.get(v), v)).collect(Collectors.joining(", "));
    return "class K(Module):\n"
        + "  __parameters__ = []\n"
        + "  __buffers__ = []\n"
        + "  training : bool\n"
        + "  def forward(self: __torch__.K"
        + arguments
        + ") -> List[Tensor]:\n"
        + body
        + "    return ["
        + results
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
      return statement(node, ownPrecision("torch.index_select(" + all + ", 0, " + ROWS + ")"));
    }
    Node before = node.inputs().isEmpty() ? node : node.inputs().get(0);
    if (packed.isFusedWith(before, node) && !asked.contains(before)) {
      Function gelu = ((Op.Pointwise) node.op()).function();
      return statement(
          node,
          packedLinear(before.inputs(), "gelu", gelu == Function.GELU_TANH ? "tanh" : "none"));
    }
    return statement(
        node,
        packed.isPackedLayer(node)
            ? packedLinear(node.inputs(), "none", "")
            : node.op().accept(this, node.inputs()));
  }

  private String packedLinear(List<Node> in, String activation, String algorithm) {
    return "ops.mkldnn._linear_pointwise("
        + String.join(", ", name(in, 0), name(in, 1), name(in, 2))
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

  private String statement(Node node, String value) {
    String name = "v" + node.id();
    body.append("    ").append(name).append(" = ").append(value).append('\n');
    return name;
  }

  private String temporary(String value) {
    String name = "u" + temporaries++;
    body.append("    ").append(name).append(" = ").append(value).append('\n');
    return name;
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
    if (precision != Precision.BF16) {
      return wide;
    }
    String narrow = "torch.to(" + wide + ", " + BFLOAT16 + ")";
    return packed.isPacked(parameter)
        ? "ops.mkldnn._reorder_linear_weight(" + narrow + ", None)"
        : narrow;
  }

  private static String argument(Op.Input input) {
    return "in_" + input.name();
  }

  @Override
  public String input(Op.Input op) {
    // Timesteps must reach the sinusoid unrounded: bfloat16 has 8 bits, so 999 would become 1000.
    boolean narrow =
        precision == Precision.BF16 && op.kind() == Kind.FLOAT && op.shape().rank() > 1;
    return narrow ? "torch.to(" + argument(op) + ", " + BFLOAT16 + ")" : argument(op);
  }

  @Override
  public String parameter(Op.Parameter op) {
    return "w[" + weightIndex.get(op.name()) + "]";
  }

  @Override
  public String linear(Op.Linear op, List<Node> in) {
    return "torch.linear(" + name(in, 0) + ", " + name(in, 1) + ", " + name(in, 2) + ")";
  }

  @Override
  public String sampleLinear(Op.SampleLinear op, List<Node> in) {
    return batchedLinear(name(in, 0), name(in, 1), name(in, 2));
  }

  /** x {@code (B, N, K)}, w {@code (B, M, K)}, b {@code (B, M)} or {@code None}. */
  private static String batchedLinear(String x, String w, String b) {
    String transposed = "torch.transpose(" + w + ", 1, 2)";
    return b.equals("None")
        ? "torch.bmm(" + x + ", " + transposed + ")"
        : "torch.baddbmm(torch.unsqueeze(" + b + ", 1), " + x + ", " + transposed + ")";
  }

  @Override
  public String conv2d(Op.Conv2d op, List<Node> in) {
    Shape w = in.get(1).shape();
    if (isPatchify(op.stride(), op.padding(), op.groups(), w.size(2), w.size(3))) {
      String flat = temporary("torch.reshape(" + name(in, 1) + ", " + list(w.size(0), -1) + ")");
      return grid(
          in.get(0),
          op.stride(),
          w.size(0),
          "torch.linear("
              + patches(in.get(0), op.stride())
              + ", "
              + flat
              + ", "
              + name(in, 2)
              + ")");
    }
    return convolution(
        name(in, 0),
        name(in, 1),
        name(in, 2),
        op.stride(),
        op.padding(),
        Long.toString(op.groups()));
  }

  /**
   * A kernel that is as large as its stride sees every pixel once, so the convolution is a linear
   * map of the unfolded patches; that leaves tokens {@code (B, N, O)} contiguous, which is how
   * transformers want them.
   */
  private static boolean isPatchify(
      int stride, int padding, int groups, long kernelHeight, long kernelWidth) {
    return kernelHeight == stride && kernelWidth == stride && padding == 0 && groups == 1;
  }

  /** {@code (B, C, H, W)} to {@code (B, N, C*p*p)}. */
  private String patches(Node x, int patch) {
    long channels = x.shape().size(1);
    long rows = x.shape().size(2) / patch;
    long columns = x.shape().size(3) / patch;
    String split =
        "torch.reshape("
            + names.get(x)
            + ", "
            + list(-1, channels, rows, patch, columns, patch)
            + ")";
    return temporary(
        "torch.reshape(torch.permute("
            + split
            + ", [0, 2, 4, 1, 3, 5]), "
            + list(-1, rows * columns, channels * patch * patch)
            + ")");
  }

  /** Tokens {@code (B, N, O)} as a map {@code (B, O, H/p, W/p)}, without moving them. */
  private static String grid(Node x, int patch, long channels, String tokens) {
    long rows = x.shape().size(2) / patch;
    long columns = x.shape().size(3) / patch;
    return "torch.permute(torch.reshape("
        + tokens
        + ", "
        + list(-1, rows, columns, channels)
        + "), [0, 3, 1, 2])";
  }

  @Override
  public String sampleConv2d(Op.SampleConv2d op, List<Node> in) {
    Shape x = in.get(0).shape();
    Shape w = in.get(1).shape();
    long out = w.size(1);
    if (isPatchify(op.stride(), op.padding(), op.groups(), w.size(3), w.size(4))) {
      String flat =
          temporary(
              "torch.reshape("
                  + name(in, 1)
                  + ", "
                  + list(-1, out, w.size(2) * w.size(3) * w.size(4))
                  + ")");
      return grid(
          in.get(0),
          op.stride(),
          out,
          batchedLinear(patches(in.get(0), op.stride()), flat, name(in, 2)));
    }
    if (op.groups() == x.size(1)) {
      return sampleBySample(op, in);
    }
    // The samples side by side as channels of one map, one group (or set of groups) each: CAN,
    // section 3.2.
    String batch = temporary("torch.size(" + name(in, 0) + ", 0)");
    String channels = temporary("torch.mul(" + batch + ", " + x.size(1) + ")");
    String groups = temporary("torch.mul(" + batch + ", " + op.groups() + ")");
    String folded =
        convolution(
            "torch.reshape("
                + name(in, 0)
                + ", [1, "
                + channels
                + ", "
                + x.size(2)
                + ", "
                + x.size(3)
                + "])",
            "torch.reshape(" + name(in, 1) + ", " + list(-1, w.size(2), w.size(3), w.size(4)) + ")",
            in.size() < 3 ? "None" : "torch.reshape(" + name(in, 2) + ", [-1])",
            op.stride(),
            op.padding(),
            groups);
    String map = temporary(folded);
    return "torch.reshape("
        + map
        + ", ["
        + batch
        + ", "
        + out
        + ", torch.size("
        + map
        + ", 2), torch.size("
        + map
        + ", 3)])";
  }

  /**
   * A depthwise convolution one sample at a time. Folding the batch into channels, as CAN does,
   * forces the channels-last maps that tokens are into NCHW, which costs more than the arithmetic:
   * 2 to 2.5 times on CPU (docs/decisions.md).
   */
  private String sampleBySample(Op.SampleConv2d op, List<Node> in) {
    String maps = temporary("annotate(List[Tensor], [])");
    String i = "i" + temporaries++;
    String bias = in.size() < 3 ? "None" : "torch.select(" + name(in, 2) + ", 0, " + i + ")";
    body.append("    for ")
        .append(i)
        .append(" in range(torch.size(")
        .append(name(in, 0))
        .append(", 0)):\n");
    body.append("      ").append(maps).append("_ = torch.append(").append(maps).append(", ");
    body.append(
        convolution(
            "torch.slice(" + name(in, 0) + ", 0, " + i + ", torch.add(" + i + ", 1), 1)",
            "torch.select(" + name(in, 1) + ", 0, " + i + ")",
            bias,
            op.stride(),
            op.padding(),
            Integer.toString(op.groups())));
    body.append(")\n");
    return "torch.cat(" + maps + ", 0)";
  }

  private static String convolution(
      String x, String w, String b, int stride, int padding, String groups) {
    return "torch.conv2d("
        + String.join(
            ", ", x, w, b, list(stride, stride), list(padding, padding), list(1, 1), groups)
        + ")";
  }

  @Override
  public String layerNorm(Op.LayerNorm op, List<Node> in) {
    long width = in.get(0).shape().size(-1);
    return "torch.layer_norm("
        + name(in, 0)
        + ", ["
        + width
        + "], "
        + name(in, 1)
        + ", "
        + name(in, 2)
        + ", "
        + op.eps()
        + ")";
  }

  @Override
  public String batchNorm(Op.BatchNorm op, List<Node> in) {
    return "torch.batch_norm("
        + inputs(in)
        + ", False, 0., "
        + op.eps()
        + ", False)"; // not training, momentum without meaning, no cuDNN
  }

  @Override
  public String groupNorm(Op.GroupNorm op, List<Node> in) {
    return "torch.group_norm("
        + String.join(
            ", ",
            name(in, 0),
            Integer.toString(op.groups()),
            name(in, 1),
            name(in, 2),
            Double.toString(op.eps()))
        + ", False)"; // no cuDNN
  }

  @Override
  public String l2Normalize(Op.L2Normalize op, List<Node> in) {
    return "torch.div(" + name(in, 0) + ", torch.norm(" + name(in, 0) + ", 2, [-1], True))";
  }

  @Override
  public String attention(Op.Attention op, List<Node> in) {
    return "torch.scaled_dot_product_attention("
        + name(in, 0)
        + ", "
        + name(in, 1)
        + ", "
        + name(in, 2)
        + ")";
  }

  @Override
  public String causalAttention(Op.CausalAttention op, List<Node> in) {
    String operands = name(in, 0) + ", " + name(in, 1) + ", " + name(in, 2);
    if (in.size() < 4) {
      return "torch.scaled_dot_product_attention(" + operands + ", None, 0., True)";
    }
    // Not minus infinity: a token that sees none must not become NaN.
    long tokens = in.get(0).shape().size(2);
    String past =
        temporary(
            "torch.tril(torch.ones("
                + list(tokens, tokens)
                + ", dtype="
                + FLOAT32
                + ", layout=None, device=ops.prim.device("
                + name(in, 0)
                + "), pin_memory=False))");
    String shown =
        temporary(
            "torch.to(torch.ne(torch.reshape("
                + name(in, 3)
                + ", "
                + list(-1, 1, 1, tokens)
                + "), 0), "
                + FLOAT32
                + ")");
    String bias =
        "torch.mul(torch.sub(torch.mul(" + past + ", " + shown + "), 1.), " + HIDDEN + ")";
    String mask = temporary(ownPrecision(bias));
    return "torch.scaled_dot_product_attention(" + operands + ", " + mask + ")";
  }

  @Override
  public String reluLinearAttention(Op.ReluLinearAttention op, List<Node> in) {
    String q = temporary("torch.relu(" + widened(name(in, 0)) + ")");
    String k = temporary("torch.relu(" + widened(name(in, 1)) + ")");
    String v = temporary(widened(name(in, 2)));
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
  public String pointwise(Op.Pointwise op, List<Node> in) {
    return switch (op.function()) {
      case SILU -> "torch.silu(" + name(in, 0) + ")";
      case RELU -> "torch.relu(" + name(in, 0) + ")";
      case HARDSWISH -> "torch.hardswish(" + name(in, 0) + ")";
      case TANH -> "torch.tanh(" + name(in, 0) + ")";
      case EXP -> "torch.exp(" + name(in, 0) + ")";
      case QUICK_GELU ->
          "torch.mul(" + name(in, 0) + ", torch.sigmoid(torch.mul(" + name(in, 0) + ", 1.702)))";
      case GELU_ERF -> "torch.gelu(" + name(in, 0) + ", approximate=\"none\")";
      case GELU_TANH -> "torch.gelu(" + name(in, 0) + ", approximate=\"tanh\")";
    };
  }

  @Override
  public String add(Op.Add op, List<Node> in) {
    return "torch.add(" + name(in, 0) + ", " + name(in, 1) + ")";
  }

  @Override
  public String addScalar(Op.AddScalar op, List<Node> in) {
    return "torch.add(" + name(in, 0) + ", " + op.constant() + ")";
  }

  @Override
  public String mulScalar(Op.MulScalar op, List<Node> in) {
    return "torch.mul(" + name(in, 0) + ", " + op.constant() + ")";
  }

  @Override
  public String divScalar(Op.DivScalar op, List<Node> in) {
    return "torch.div(" + name(in, 0) + ", " + op.constant() + ")";
  }

  @Override
  public String clamp(Op.Clamp op, List<Node> in) {
    return "torch.clamp(" + name(in, 0) + ", " + op.least() + ", " + op.most() + ")";
  }

  @Override
  public String addMul(Op.AddMul op, List<Node> in) {
    return "torch.addcmul(" + name(in, 0) + ", " + name(in, 1) + ", " + name(in, 2) + ")";
  }

  @Override
  public String softmax(Op.Softmax op, List<Node> in) {
    return "torch.softmax(" + name(in, 0) + ", -1)";
  }

  @Override
  public String mean(Op.Mean op, List<Node> in) {
    return "torch.mean(" + name(in, 0) + ", " + op.axes() + ", True)";
  }

  @Override
  public String reshape(Op.Reshape op, List<Node> in) {
    long[] sizes = op.shape().dims().stream().mapToLong(d -> d.batch() ? -1 : d.size()).toArray();
    return "torch.reshape(" + name(in, 0) + ", " + list(sizes) + ")";
  }

  @Override
  public String pad(Op.Pad op, List<Node> in) {
    return "torch.constant_pad_nd("
        + name(in, 0)
        + ", "
        + list(op.left(), op.right(), op.top(), op.bottom())
        + ", 0)";
  }

  @Override
  public String upsampleNearest(Op.UpsampleNearest op, List<Node> in) {
    Shape x = in.get(0).shape();
    return "torch.upsample_nearest2d("
        + name(in, 0)
        + ", "
        + list(x.size(2) * op.factor(), x.size(3) * op.factor())
        + ", None, None)";
  }

  @Override
  public String permute(Op.Permute op, List<Node> in) {
    return "torch.permute(" + name(in, 0) + ", " + op.axes() + ")";
  }

  @Override
  public String slice(Op.Slice op, List<Node> in) {
    return "torch.slice("
        + name(in, 0)
        + ", "
        + op.axis()
        + ", "
        + op.from()
        + ", "
        + op.to()
        + ", 1)";
  }

  @Override
  public String concat(Op.Concat op, List<Node> in) {
    return "torch.cat([" + inputs(in) + "], " + in.get(0).shape().axis(op.axis()) + ")";
  }

  @Override
  public String embedding(Op.Embedding op, List<Node> in) {
    return "torch.embedding(" + name(in, 1) + ", " + name(in, 0) + ")";
  }

  @Override
  public String selectToken(Op.SelectToken op, List<Node> in) {
    String ids = name(in, 1);
    // The first of several largest values; comparisons are made numbers, which argmax needs.
    String searched =
        op.id().isPresent()
            ? "torch.to(torch.eq(" + ids + ", " + op.id().getAsLong() + "), " + INT64 + ")"
            : ids;
    String position =
        temporary("torch.reshape(torch.argmax(" + searched + ", 1), " + list(-1, 1, 1) + ")");
    long width = in.get(0).shape().size(2);
    return "torch.squeeze(torch.gather("
        + name(in, 0)
        + ", 1, torch.expand("
        + position
        + ", "
        + list(-1, 1, width)
        + ")), 1)";
  }

  @Override
  public String timestepEmbedding(Op.TimestepEmbedding op, List<Node> in) {
    int half = op.width() / 2;
    String t =
        precision == Precision.F64
            ? temporary("torch.to(" + name(in, 0) + ", " + FLOAT32 + ")")
            : name(in, 0);
    String index =
        temporary(
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
    String frequencies = temporary("torch.exp(" + exponent + ")");
    String angles =
        temporary(
            "torch.mul(torch.unsqueeze(" + t + ", 1), torch.unsqueeze(" + frequencies + ", 0))");
    String sinusoid = "torch.cat([torch.cos(" + angles + "), torch.sin(" + angles + ")], 1)";
    return ownPrecision(sinusoid);
  }

  private String inputs(List<Node> in) {
    return in.stream().map(names::get).collect(Collectors.joining(", "));
  }

  private String name(List<Node> in, int i) {
    return i < in.size() ? names.get(in.get(i)) : "None";
  }

  private static String list(long... sizes) {
    return LongStream.of(sizes)
        .mapToObj(Long::toString)
        .collect(Collectors.joining(", ", "[", "]"));
  }
}
