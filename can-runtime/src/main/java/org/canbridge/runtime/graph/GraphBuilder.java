package org.canbridge.runtime.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.graph.Initializer.Usual;

/**
 * Builds a {@link Graph}. A builder stands at a module path; {@link #in(String)} gives one for a
 * child, and both write into the same graph. Fetching a parameter states its name and shape, so
 * that structure, names and shape check are one thing.
 *
 * <pre>{@code
 * GraphBuilder attn = blocks.in("0").in("attn");
 * Node qkv = attn.linear("qkv", x, 3 * d, Role.QKV);   // blocks.0.attn.qkv.weight (3d, d), .bias (3d)
 * }</pre>
 */
public final class GraphBuilder {
  /** What the builders of one graph share. */
  private static final class State {
    final List<Node> nodes = new ArrayList<>();
    final Map<String, Node> parameters = new LinkedHashMap<>();
    final Map<String, Node> outputs = new LinkedHashMap<>();
    final Map<String, Node> modules = new LinkedHashMap<>();
    TokenGrid tokenGrid;
  }

  private final State state;
  private final String path;
  private final Initializer weights;

  /** Begins an empty graph. */
  public GraphBuilder() {
    this(new State(), "", Usual.FAN_IN);
  }

  /** Goes on where {@code graph} ends; its nodes stay what they are. */
  public static GraphBuilder extending(Graph graph) {
    State state = new State();
    state.nodes.addAll(graph.nodes());
    for (Node node : graph.nodes()) {
      if (node.op() instanceof Op.Parameter parameter) {
        state.parameters.put(parameter.name(), node);
      }
    }
    state.outputs.putAll(graph.outputs());
    state.modules.putAll(graph.modules());
    state.tokenGrid = graph.tokenGrid().orElse(null);
    return new GraphBuilder(state, "", Usual.FAN_IN);
  }

  private GraphBuilder(State state, String path, Initializer weights) {
    this.state = state;
    this.path = path;
    this.weights = weights;
  }

  /** The builder of a child module. */
  public GraphBuilder in(String child) {
    return new GraphBuilder(state, join(child), weights);
  }

  /** The builder at a full module path. */
  public GraphBuilder at(String fullPath) {
    return new GraphBuilder(state, fullPath, weights);
  }

  /**
   * The builder at the same path whose weights begin so; those of a new builder are {@code N(0,
   * 1/fan-in)}. Biases always begin at zero, norms as the identity.
   */
  public GraphBuilder initializing(Initializer other) {
    return new GraphBuilder(state, path, other);
  }

  /** The module path at which this builder stands. */
  public String path() {
    return path;
  }

  /**
   * Adds a node; everything below is shorthand for this.
   *
   * @param role the part it plays, or null
   * @throws IllegalArgumentException if the inputs do not fit the operation
   */
  public Node add(Op op, Role role, Node... inputs) {
    List<Node> in = List.of(inputs);
    Shape shape;
    try {
      shape = op.shape(in);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(op + " at '" + path + "': " + e.getMessage(), e);
    }
    // Not the number of nodes: where some were pruned, the last id is larger.
    int id = state.nodes.isEmpty() ? 0 : state.nodes.get(state.nodes.size() - 1).id() + 1;
    Node node = new Node(id, op, in, shape, op.kind(in), path, role);
    state.nodes.add(node);
    return node;
  }

  /** An argument of the network. */
  public Node input(String name, Kind kind, Shape shape) {
    return at("").add(new Op.Input(name, shape, kind), null);
  }

  /** A weight or table {@code <path>.<name>} of the state dict. */
  public Node parameter(String name, long... sizes) {
    return parameter(name, weights, sizes);
  }

  /** The tensor {@code <path>.<name>} of the state dict. */
  public Node parameter(String name, Initializer initializer, long... sizes) {
    return parameter(new Op.Parameter(join(name), Shape.of(sizes), initializer));
  }

  /** The tensor with this full name; asked for twice it is the same node. */
  public Node parameter(Op.Parameter parameter) {
    Node known = state.parameters.get(parameter.name());
    if (known == null) {
      known = add(parameter, null);
      state.parameters.put(parameter.name(), known);
    } else if (!known.shape().equals(parameter.shape())) {
      throw new IllegalArgumentException(
          "parameter " + parameter.name() + " is " + known.shape() + " and " + parameter.shape());
    }
    return known;
  }

  /**
   * A linear layer with bias as module {@code name}: x {@code (..., K)} to {@code (...,
   * outFeatures)}.
   */
  public Node linear(String name, Node x, long outFeatures, Role role) {
    GraphBuilder module = in(name);
    Node weight = module.parameter("weight", outFeatures, x.shape().size(-1));
    return module.returns(
        module.add(
            new LinearOp.Linear(),
            role,
            x,
            weight,
            module.parameter("bias", Usual.ZEROS, outFeatures)));
  }

  /** A linear layer without bias as module {@code name}. */
  public Node linearWithoutBias(String name, Node x, long outFeatures, Role role) {
    GraphBuilder module = in(name);
    Node weight = module.parameter("weight", outFeatures, x.shape().size(-1));
    return module.returns(module.add(new LinearOp.Linear(), role, x, weight));
  }

  /**
   * A convolution with bias and square kernel as module {@code name}: x {@code (B, C, H, W)} to
   * {@code (B, outChannels, ...)}.
   */
  public Node conv2d(
      String name,
      Node x,
      long outChannels,
      int kernel,
      int stride,
      int padding,
      int groups,
      Role role) {
    GraphBuilder module = in(name);
    Node weight =
        module.parameter("weight", outChannels, x.shape().size(1) / groups, kernel, kernel);
    Node bias = module.parameter("bias", Usual.ZEROS, outChannels);
    return module.returns(
        module.add(new LinearOp.Conv2d(stride, padding, groups), role, x, weight, bias));
  }

  /** The same without bias. */
  public Node conv2dWithoutBias(
      String name,
      Node x,
      long outChannels,
      int kernel,
      int stride,
      int padding,
      int groups,
      Role role) {
    GraphBuilder module = in(name);
    Node weight =
        module.parameter("weight", outChannels, x.shape().size(1) / groups, kernel, kernel);
    return module.returns(
        module.add(new LinearOp.Conv2d(stride, padding, groups), role, x, weight));
  }

  /** Batch norm with stored statistics as module {@code name}: x {@code (B, C, H, W)}. */
  public Node batchNorm(String name, Node x, double eps) {
    GraphBuilder module = in(name);
    long channels = x.shape().size(1);
    return module.returns(
        module.add(
            new ReductionOp.BatchNorm(eps),
            null,
            x,
            module.parameter("weight", Usual.ONES, channels),
            module.parameter("bias", Usual.ZEROS, channels),
            module.parameter("running_mean", Usual.ZEROS, channels),
            module.parameter("running_var", Usual.ONES, channels)));
  }

  /** Layer norm over the last axis without weight and bias. */
  public Node layerNorm(Node x, double eps) {
    return add(new ReductionOp.LayerNorm(eps), null, x);
  }

  /** Layer norm over the last axis, D, with weight and bias {@code (D)}, as module {@code name}. */
  public Node layerNorm(String name, Node x, double eps) {
    GraphBuilder module = in(name);
    long width = x.shape().size(-1);
    Node weight = module.parameter("weight", Usual.ONES, width);
    return module.returns(
        module.add(
            new ReductionOp.LayerNorm(eps),
            null,
            x,
            weight,
            module.parameter("bias", Usual.ZEROS, width)));
  }

  /** Group norm of {@code (B, C, ...)} with weight and bias {@code (C)}, as module {@code name}. */
  public Node groupNorm(String name, Node x, int groups, double eps) {
    GraphBuilder module = in(name);
    long channels = x.shape().size(1);
    Node weight = module.parameter("weight", Usual.ONES, channels);
    Node bias = module.parameter("bias", Usual.ZEROS, channels);
    return module.returns(
        module.add(new ReductionOp.GroupNorm(groups, eps), null, x, weight, bias));
  }

  /** Attention over {@code (B, heads, N, d)}. */
  public Node attention(Node q, Node k, Node v) {
    return add(new AttentionOp.Attention(), null, q, k, v);
  }

  /** An element-wise function. */
  public Node pointwise(ElementwiseOp.Pointwise.Function function, Node x) {
    return add(new ElementwiseOp.Pointwise(function), null, x);
  }

  /** {@code a + b}. */
  public Node add(Node a, Node b) {
    return add(new ElementwiseOp.Add(), null, a, b);
  }

  /** {@code a - b}. */
  public Node sub(Node a, Node b) {
    return add(new ElementwiseOp.Sub(), null, a, b);
  }

  /** {@code a * b}. */
  public Node mul(Node a, Node b) {
    return add(new ElementwiseOp.Mul(), null, a, b);
  }

  /** {@code a + x * y}. */
  public Node addMul(Node a, Node x, Node y) {
    return add(new ElementwiseOp.AddMul(), null, a, x, y);
  }

  /** {@code x + constant}. */
  public Node addScalar(Node x, double constant) {
    return add(new ElementwiseOp.AddScalar(constant), null, x);
  }

  /** {@code x * constant}. */
  public Node mulScalar(Node x, double constant) {
    return add(new ElementwiseOp.MulScalar(constant), null, x);
  }

  /** Another shape for the same elements. */
  public Node reshape(Node x, Shape shape) {
    return x.shape().equals(shape) ? x : add(new LayoutOp.Reshape(shape), null, x);
  }

  /** Axes in another order. */
  public Node permute(Node x, Integer... axes) {
    return add(new LayoutOp.Permute(Arrays.asList(axes)), null, x);
  }

  /** The inputs one after another along an axis. */
  public Node concat(int axis, Node... parts) {
    return add(new LayoutOp.Concat(parts[0].shape().axis(axis)), null, parts);
  }

  /** A range of an axis. */
  public Node slice(Node x, int axis, long from, long to) {
    return add(new LayoutOp.Slice(x.shape().axis(axis), from, to), null, x);
  }

  /** {@code parts} equal ranges of the last axis. */
  public List<Node> chunk(Node x, int parts) {
    long size = x.shape().size(-1) / parts;
    List<Node> chunks = new ArrayList<>();
    for (int i = 0; i < parts; i++) {
      chunks.add(slice(x, -1, i * size, (i + 1) * size));
    }
    return chunks;
  }

  /** Rows of a table. */
  public Node embedding(Node ids, Node table) {
    return add(new LookupOp.Embedding(), null, ids, table);
  }

  /** Says that {@code value} is what the module at this path returns; gives it back. */
  public Node returns(Node value) {
    state.modules.put(path, value);
    return value;
  }

  /** Names a result of the network. */
  public void output(String name, Node value) {
    state.outputs.put(name, value);
  }

  /** States how the tokens lie in the image. */
  public void tokenGrid(TokenGrid grid) {
    state.tokenGrid = grid;
  }

  /** The graph as built so far. */
  public Graph build() {
    return new Graph(state.nodes, state.outputs, state.modules, state.tokenGrid);
  }

  private String join(String child) {
    return path.isEmpty() ? child : path + "." + child;
  }
}
