package org.canbridge.runtime.can;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.canbridge.runtime.family.Control;
import org.canbridge.runtime.graph.Dim;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Initializer.Usual;
import org.canbridge.runtime.graph.LayoutOp;
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Role;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.runtime.graph.TokenGrid;

/**
 * The pass that makes a network condition-aware. Every node is copied; in between
 *
 * <ul>
 *   <li>a depthwise 3x3 convolution follows the first linear map of the feed-forward layers named
 *       in {@link CanSpec#inserted}, over the image tokens laid out as a map, condition tokens
 *       passing by;
 *   <li>a layer that a generator serves runs with one weight for each sample, {@code W + W_c}.
 * </ul>
 *
 * <p>Requires a network with a node of the condition's role, or an embedder to add. Ensures that
 * outputs and module paths stay, that no parameter of the source is lost or renamed, and that with
 * the values of its parameters' {@link Op.Parameter#initializer} the network computes what it
 * computed before. Where the source has lost its own control, parts of it that nothing uses any
 * more are dropped.
 */
public final class CanRewriter {
  private final Graph source;
  private final CanSpec spec;
  private final GraphBuilder builder = new GraphBuilder();
  private final Generators generators = new Generators(builder);
  private final Map<Node, Node> mapped = new HashMap<>();
  private final Map<Node, List<String>> modulePaths = new HashMap<>();
  private final Map<String, CanSpec.Generator> generatorOf = new HashMap<>();
  private final Set<String> inserted;
  private final Set<String> rewritten = new HashSet<>();
  private Node addedCondition;

  private CanRewriter(Graph source, CanSpec spec) {
    this.source = source;
    this.spec = spec;
    this.inserted = new HashSet<>(spec.inserted());
    source
        .modules()
        .forEach(
            (path, node) -> modulePaths.computeIfAbsent(node, k -> new ArrayList<>()).add(path));
    spec.generators().forEach(g -> g.layers().forEach(layer -> generatorOf.put(layer, g)));
  }

  /**
   * The condition-aware network.
   *
   * @param source the network after {@link Control} was applied to it
   * @throws IllegalArgumentException if a layer or a condition that {@code spec} names is not there
   */
  public static Graph rewrite(Graph source, CanSpec spec) {
    return new CanRewriter(source, spec).run();
  }

  private Graph run() {
    source.tokenGrid().ifPresent(builder::tokenGrid);
    source
        .inputs()
        .forEach(i -> source.nodes().stream().filter(n -> n.op().equals(i)).forEach(this::map));
    if (spec.embedder().isPresent() && !source.withRole(Role.TIME_EMBED).isEmpty()) {
      throw new IllegalArgumentException("an embedder is for networks that take no condition");
    }
    if (spec.embedder().isPresent() && !spec.generators().isEmpty()) {
      addedCondition = AddedCondition.add(builder, spec.embedder().get(), spec.condition());
    }
    source.nodes().forEach(this::map);
    source.outputs().forEach((name, node) -> builder.output(name, map(node)));
    Set<String> missing = new HashSet<>(generatorOf.keySet());
    missing.addAll(inserted);
    missing.removeAll(rewritten);
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          "the network has no layer " + missing.stream().sorted().toList());
    }
    Graph can = builder.build();
    return spec.control() == Control.KEEP ? can : can.pruned();
  }

  /**
   * The copy of a node; inputs first. Generators pull the condition forward in this way, since the
   * patch embedding runs before it.
   */
  private Node map(Node node) {
    Node known = mapped.get(node);
    if (known != null) {
      return known;
    }
    Node[] in = node.inputs().stream().map(this::map).toArray(Node[]::new);
    GraphBuilder at = builder.at(node.path());
    Node copy = copy(at, node, in);
    modulePaths.getOrDefault(node, List.of()).forEach(path -> builder.at(path).returns(copy));
    Node result =
        node.role().filter(Role.MLP_IN::equals).isPresent()
            ? insertDepthwise(node.path(), copy)
            : copy;
    mapped.put(node, result);
    return result;
  }

  private Node copy(GraphBuilder at, Node node, Node[] in) {
    if (node.op() instanceof Op.Parameter parameter) {
      return at.parameter(parameter);
    }
    CanSpec.Generator generator = generatorOf.get(node.path());
    if (generator == null || !isLayer(node)) {
      return at.add(node.op(), node.role().orElse(null), in);
    }
    return perSample(at, node.op(), node.role().orElse(null), in, generator);
  }

  private static boolean isLayer(Node node) {
    return node.op() instanceof LinearOp.Linear || node.op() instanceof LinearOp.Conv2d;
  }

  /** The layer with one weight for each sample. */
  private Node perSample(
      GraphBuilder at, Op op, Role role, Node[] in, CanSpec.Generator generator) {
    rewritten.add(at.path());
    Shape weight = in[1].shape();
    boolean bias = in.length > 2;
    boolean generatesBias = bias && Generators.makesBias(generator.form());
    Node rows =
        generators.rows(
            generator, condition(), weight, generatesBias ? in[2].shape().elements() : 0);
    List<Node> layer = new ArrayList<>();
    layer.add(in[0]);
    layer.add(at.add(in[1], part(at, rows, 0, weight)));
    if (generatesBias) {
      layer.add(at.add(in[2], part(at, rows, weight.elements(), in[2].shape())));
    }
    boolean convolution = op instanceof LinearOp.Conv2d;
    Node out =
        op instanceof LinearOp.Conv2d conv
            ? at.add(
                new LinearOp.SampleConv2d(conv.stride(), conv.padding(), conv.groups()),
                role,
                layer.toArray(Node[]::new))
            : sampleLinear(at, role, layer);
    if (!bias || generatesBias) {
      return out;
    }
    return at.add(
        out, convolution ? at.reshape(in[2], Shape.of(in[2].shape().size(0), 1, 1)) : in[2]);
  }

  /** A linear layer over values of any rank, {@code (B, ..., K)}. */
  private static Node sampleLinear(GraphBuilder at, Role role, List<Node> layer) {
    Shape shape = layer.get(0).shape();
    long columns = shape.size(-1);
    if (shape.rank() == 3) {
      return at.add(new LinearOp.SampleLinear(), role, layer.toArray(Node[]::new));
    }
    Node flat = at.reshape(layer.get(0), Shape.batched(shape.elements() / columns, columns));
    Node[] in = layer.toArray(Node[]::new);
    in[0] = flat;
    Node out = at.add(new LinearOp.SampleLinear(), role, in);
    return at.reshape(out, shape.with(-1, out.shape().dim(-1)));
  }

  private Node condition() {
    if (addedCondition != null) {
      return addedCondition;
    }
    return map(
        CanPreset.conditionNode(source, spec.condition())
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "this network has no '" + spec.condition().label() + "' condition")));
  }

  /** Elements {@code from ...} of each generated row, in the shape {@code (B, *shape)}. */
  private static Node part(GraphBuilder at, Node rows, long from, Shape shape) {
    List<Dim> dims = new ArrayList<>(shape.dims());
    dims.add(0, Dim.BATCH);
    long elements = shape.elements();
    Node range =
        from == 0 && rows.shape().size(1) == elements
            ? rows
            : at.slice(rows, 1, from, from + elements);
    return at.reshape(range, new Shape(dims));
  }

  /** Tokens {@code (B, N, C)} through a 3x3 depthwise convolution on the image grid. */
  private Node insertDepthwise(String mlpIn, Node tokens) {
    String path = CanPreset.dwconvPath(mlpIn);
    if (!inserted.contains(path)) {
      return tokens;
    }
    rewritten.add(path);
    TokenGrid grid =
        source
            .tokenGrid()
            .orElseThrow(
                () -> new IllegalArgumentException("the tokens of this network lie in no grid"));
    long channels = tokens.shape().size(2);
    GraphBuilder at = builder.at(path);
    boolean alone = grid.end() - grid.extra() == grid.tokens();
    Node image = alone ? tokens : at.slice(tokens, 1, grid.extra(), grid.end());
    Node map =
        at.permute(
            at.reshape(image, Shape.batched(grid.height(), grid.width(), channels)), 0, 3, 1, 2);
    LinearOp.Conv2d op = new LinearOp.Conv2d(1, 1, Math.toIntExact(channels));
    Node[] in = {
      map,
      at.parameter("weight", Usual.IDENTITY, channels, 1, 3, 3),
      at.parameter("bias", Usual.ZEROS, channels)
    };
    CanSpec.Generator generator = generatorOf.get(path);
    Node out =
        generator == null
            ? at.add(op, Role.DEPTHWISE_CONV, in)
            : perSample(at, op, Role.DEPTHWISE_CONV, in, generator);
    Node back = at.reshape(at.permute(out, 0, 2, 3, 1), image.shape());
    if (alone) {
      return back;
    }
    List<Node> parts = new ArrayList<>();
    if (grid.extra() > 0) {
      parts.add(at.slice(tokens, 1, 0, grid.extra()));
    }
    parts.add(back);
    if (grid.behind() > 0) {
      parts.add(at.slice(tokens, 1, grid.end(), grid.tokens()));
    }
    return at.add(new LayoutOp.Concat(1), null, parts.toArray(Node[]::new));
  }

  /** What a rewriting adds: the parameters that the network did not have, in execution order. */
  public static List<Op.Parameter> added(Graph before, Graph after) {
    Set<String> names =
        before.parameters().stream().map(Op.Parameter::name).collect(Collectors.toSet());
    return after.parameters().stream().filter(p -> !names.contains(p.name())).toList();
  }

  /** Names of the source's parameters that the condition-aware network does without. */
  public static List<String> removed(Graph source, Graph can) {
    return added(can, source).stream().map(Op.Parameter::name).toList();
  }
}
