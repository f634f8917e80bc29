package org.canbridge.runtime.lifting;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.canbridge.importers.keys.Transform;
import org.canbridge.runtime.graph.AttentionOp;
import org.canbridge.runtime.graph.Dim;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.LayoutOp;
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.LookupOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.runtime.lifting.View.Atom;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TransposedMatrix;
import org.canbridge.tensors.onnx.OnnxModel;
import org.canbridge.tensors.onnx.OnnxNode;

/** Layers with weights, norms and attention. */
final class Layers {
  /** What scale and the square root of a head's width may differ by, both being float32. */
  private static final double SCALE_TOLERANCE = 1e-6;

  private final GraphBuilder g;
  private final Parameters parameters;
  private final Map<String, List<OnnxNode>> users = new HashMap<>();
  private final Set<OnnxNode> fused = new HashSet<>();

  Layers(OnnxModel model, GraphBuilder g, Parameters parameters) {
    this.g = g;
    this.parameters = parameters;
    for (OnnxNode node : model.nodes()) {
      for (String input : new LinkedHashSet<>(node.inputs())) {
        users.computeIfAbsent(input, name -> new ArrayList<>()).add(node);
      }
    }
  }

  /** Whether an addition is the bias of the layer in front of it, whose value has it already. */
  boolean isFused(OnnxNode addition) {
    return fused.contains(addition);
  }

  /**
   * {@code x W + b}.
   *
   * @param weight {@code (K, M)}
   * @param known what the graph has values for
   */
  View product(OnnxNode node, View x, Value.Weight weight, Map<String, Value> known) {
    View.check(weight.data().type().shape().size() == 2, "a product with " + weight.data().type());
    Optional<Value.Weight> bias = addedBehind(node, weight, known);
    return linear(node, x, weight.name(), new TransposedMatrix(weight.data()), bias);
  }

  /** The vector that the only user of a product adds to it. */
  private Optional<Value.Weight> addedBehind(
      OnnxNode node, Value.Weight weight, Map<String, Value> known) {
    List<OnnxNode> next = users.getOrDefault(node.outputs().get(0), List.of());
    if (next.size() != 1 || !next.get(0).operator().equals("Add")) {
      return Optional.empty();
    }
    List<Long> outputs = List.of(weight.data().type().shape().get(1));
    Optional<Value.Weight> bias =
        next.get(0).inputs().stream()
            .map(known::get)
            .filter(value -> value instanceof Value.Weight)
            .map(value -> (Value.Weight) value)
            .filter(vector -> vector.data().type().shape().equals(outputs))
            .findFirst();
    bias.ifPresent(found -> fused.add(next.get(0)));
    return bias;
  }

  /** {@code x W^T + b} with an optional bias. */
  View gemm(OnnxNode node, View x, List<Value> in) {
    View.check(
        node.integer("transA", 0) == 0
            && node.number("alpha", 1) == 1
            && node.number("beta", 1) == 1,
        "Gemm with transA, alpha or beta");
    Value.Weight weight = parameters.weight(in.get(1));
    View.check(weight.data().type().shape().size() == 2, "a weight " + weight.data().type());
    Optional<Value.Weight> bias =
        in.size() > 2 && in.get(2) != null
            ? Optional.of(parameters.weight(in.get(2)))
            : Optional.empty();
    TensorData data =
        node.integer("transB", 0) == 0 ? new TransposedMatrix(weight.data()) : weight.data();
    return linear(node, x, weight.name(), data, bias);
  }

  private View linear(
      OnnxNode node, View x, String weight, TensorData data, Optional<Value.Weight> bias) {
    View over = Layouts.batchFirst(g, x);
    List<Atom> columns = x.axisAtoms(x.rank() - 1);
    View.check(
        !columns.isEmpty() && !columns.contains(View.BATCH), "the last axis of " + x.shape());
    String path = parameters.layer(node, weight, bias.map(Value.Weight::name));
    GraphBuilder at = g.at(path);
    List<Node> in = new ArrayList<>();
    in.add(over.base());
    in.add(parameters.parameter(path + ".weight", weight, data));
    bias.ifPresent(b -> in.add(parameters.parameter(path + ".bias", b.name(), b.data())));
    Node out = at.returns(at.add(new LinearOp.Linear(), null, in.toArray(Node[]::new)));
    long rows = data.type().shape().get(0);
    List<Atom> made = rows == 1 ? List.of() : List.of(new Atom(rows));
    List<List<Atom>> from = new ArrayList<>(over.from());
    from.set(from.size() - 1, made);
    List<List<Atom>> axes = new ArrayList<>(over.axes());
    axes.set(axes.size() - 1, made);
    return new View(out, from, axes);
  }

  View conv(OnnxNode node, View x, List<Value> in) {
    Value.Weight weight = parameters.weight(in.get(1));
    List<Long> shape = weight.data().type().shape();
    View.check(shape.size() == 4, "a convolution over " + (shape.size() - 2) + " axes");
    View.check(only(node.integers("dilations", List.of(1L, 1L)), 1), "dilations");
    String automatic = node.text("auto_pad", "NOTSET");
    View.check(automatic.equals("NOTSET") || automatic.equals("VALID"), "auto_pad " + automatic);
    List<Long> strides = node.integers("strides", List.of(1L, 1L));
    View.check(strides.get(0).equals(strides.get(1)), "strides " + strides);
    List<Long> pads = node.integers("pads", List.of(0L, 0L, 0L, 0L));
    View.check(only(pads, pads.get(0)), "pads " + pads);
    Optional<Value.Weight> bias =
        in.size() > 2 && in.get(2) != null
            ? Optional.of(parameters.weight(in.get(2)))
            : Optional.empty();
    String path = parameters.layer(node, weight.name(), bias.map(Value.Weight::name));
    GraphBuilder at = g.at(path);
    List<Node> inputs = new ArrayList<>();
    inputs.add(Layouts.exact(g, x).base());
    inputs.add(parameters.parameter(path + ".weight", weight.name(), weight.data()));
    bias.ifPresent(b -> inputs.add(parameters.parameter(path + ".bias", b.name(), b.data())));
    Op op =
        new LinearOp.Conv2d(
            (int) (long) strides.get(0), (int) (long) pads.get(0), (int) node.integer("group", 1));
    return View.of(at.returns(at.add(op, null, inputs.toArray(Node[]::new))));
  }

  private static boolean only(List<Long> values, long value) {
    return values.stream().allMatch(v -> v == value);
  }

  /**
   * A transposed convolution whose kernel is as large as its stride: a linear map from each pixel
   * to a patch. Its weight is {@code (O*k*k, C)} here.
   */
  View patches(OnnxNode node, View x, List<Value> in) {
    Value.Weight weight = parameters.weight(in.get(1));
    List<Long> shape = weight.data().type().shape();
    View.check(
        shape.size() == 4
            && node.integer("group", 1) == 1
            && node.integers("strides", List.of(1L, 1L)).equals(shape.subList(2, 4))
            && only(node.integers("pads", List.of(0L)), 0)
            && only(node.integers("output_padding", List.of(0L)), 0)
            && only(node.integers("dilations", List.of(1L)), 1),
        "a transposed convolution whose patches overlap or leave gaps");
    long columns = shape.get(0);
    long rows = weight.data().type().elements() / columns;
    TensorData flat =
        new Transform.Reshape()
            .apply(List.of(weight.data()), List.of(List.of(columns, rows)))
            .get(0);
    View pixels = x.permuted(List.of(0L, 2L, 3L, 1L));
    View mapped = linear(node, pixels, weight.name(), new TransposedMatrix(flat), Optional.empty());
    View split =
        mapped.reshaped(
            List.of(
                mapped.dim(0),
                mapped.dim(1),
                mapped.dim(2),
                Dim.of(shape.get(1)),
                Dim.of(shape.get(2)),
                Dim.of(shape.get(3))));
    List<List<Atom>> a = split.axes();
    List<Atom> height = new ArrayList<>(a.get(1));
    height.addAll(a.get(4));
    List<Atom> width = new ArrayList<>(a.get(2));
    width.addAll(a.get(5));
    View image = new View(split.base(), split.from(), List.of(a.get(0), a.get(3), height, width));
    if (in.size() < 3 || in.get(2) == null) {
      return image;
    }
    Value.Weight bias = parameters.weight(in.get(2));
    String path = mapped.base().path();
    View added =
        View.of(parameters.parameter(path + ".bias", bias.name(), bias.data()))
            .unsqueezed(List.of(1L, 2L));
    return new Pointwise(g, parameters).binary(new ElementwiseOp.Add(), image, added);
  }

  /** Rows of a table. */
  View embedding(OnnxNode node, Value.Weight table, View ids) {
    View over = Layouts.batchFirst(g, ids);
    String path = parameters.layer(node, table.name(), Optional.empty());
    Node rows = parameters.parameter(path + ".weight", table.name(), table.data());
    GraphBuilder at = g.at(path);
    Node found = at.returns(at.add(new LookupOp.Embedding(), null, over.base(), rows));
    List<Atom> width = List.of(new Atom(table.data().type().shape().get(1)));
    List<List<Atom>> from = new ArrayList<>(over.from());
    from.add(width);
    List<List<Atom>> axes = new ArrayList<>(over.axes());
    axes.add(width);
    return new View(found, from, axes);
  }

  View layerNorm(OnnxNode node, View x, List<Value> in) {
    View.check(x.axis(node.integer("axis", -1)) == x.rank() - 1, "a norm over several axes");
    Value bias = in.size() > 2 ? in.get(2) : null;
    List<Node> nodes = new ArrayList<>();
    View over = Layouts.batchFirst(g, x);
    nodes.add(over.base());
    String path = "";
    if (!parameters.isAll(in.get(1), 1) || (bias != null && !parameters.isAll(bias, 0))) {
      Value.Weight scale = parameters.weight(in.get(1));
      path = parameters.layer(node, scale.name(), Optional.empty());
      nodes.add(parameters.parameter(path + ".weight", scale.name(), scale.data()));
      if (bias != null) {
        Value.Weight shift = parameters.weight(bias);
        nodes.add(parameters.parameter(path + ".bias", shift.name(), shift.data()));
      }
    }
    GraphBuilder at = g.at(path);
    Node out =
        at.add(
            new ReductionOp.LayerNorm(node.number("epsilon", 1e-5f)),
            null,
            nodes.toArray(Node[]::new));
    return over.on(path.isEmpty() ? out : at.returns(out));
  }

  /** Over each channel, or each group of channels, of each sample. */
  View groupNorm(OnnxNode node, View x, List<Value> in, long groups) {
    View over = Layouts.exact(g, x);
    List<Node> nodes = new ArrayList<>();
    nodes.add(over.base());
    String path = "";
    if (!parameters.isAll(in.get(1), 1) || !parameters.isAll(in.get(2), 0)) {
      Value.Weight scale = parameters.weight(in.get(1));
      Value.Weight shift = parameters.weight(in.get(2));
      path = parameters.layer(node, scale.name(), Optional.of(shift.name()));
      nodes.add(parameters.parameter(path + ".weight", scale.name(), scale.data()));
      nodes.add(parameters.parameter(path + ".bias", shift.name(), shift.data()));
    }
    GraphBuilder at = g.at(path);
    Op op = new ReductionOp.GroupNorm((int) groups, node.number("epsilon", 1e-5f));
    Node out = at.add(op, null, nodes.toArray(Node[]::new));
    return over.on(path.isEmpty() ? out : at.returns(out));
  }

  View batchNorm(OnnxNode node, View x, List<Value> in) {
    View over = Layouts.exact(g, x);
    Value.Weight scale = parameters.weight(in.get(1));
    String path = parameters.layer(node, scale.name(), Optional.empty());
    List<String> names = List.of(".weight", ".bias", ".running_mean", ".running_var");
    List<Node> nodes = new ArrayList<>();
    nodes.add(over.base());
    for (int i = 0; i < names.size(); i++) {
      Value.Weight each = parameters.weight(in.get(i + 1));
      nodes.add(parameters.parameter(path + names.get(i), each.name(), each.data()));
    }
    GraphBuilder at = g.at(path);
    Op op = new ReductionOp.BatchNorm(node.number("epsilon", 1e-5f));
    return over.on(at.returns(at.add(op, null, nodes.toArray(Node[]::new))));
  }

  /** The product of two values of each sample: queries and keys, whose scales are taken out. */
  Value scores(View a, View b) {
    View.check(
        a.isBatched() && b.isBatched() && a.rank() > 2 && b.rank() > 2,
        "a product of " + a.shape() + " and " + b.shape());
    Scaled q = Scaled.of(a);
    Scaled k = Scaled.of(b.transposed());
    return new Value.Scores(q.view(), k.view(), q.scale() * k.scale(), false);
  }

  /** A value without the number that it was multiplied by last. */
  private record Scaled(View view, double scale) {
    static Scaled of(View view) {
      Node node = view.base();
      if (node.op() instanceof ElementwiseOp.MulScalar mul) {
        return new Scaled(view.on(node.inputs().get(0)), mul.constant());
      }
      if (node.op() instanceof ElementwiseOp.DivScalar div) {
        return new Scaled(view.on(node.inputs().get(0)), 1 / div.constant());
      }
      return new Scaled(view, 1);
    }
  }

  View attention(Value.Scores scores, View v) {
    View.check(scores.normalised(), "attention without a softmax");
    View q = heads(scores.q());
    long width = q.base().shape().size(3);
    double factor = scores.scale() * Math.sqrt((double) width);
    Node queries =
        Math.abs(factor - 1) <= SCALE_TOLERANCE ? q.base() : g.mulScalar(q.base(), factor);
    Node out =
        g.add(
            new AttentionOp.Attention(), null, queries, heads(scores.k()).base(), heads(v).base());
    List<Atom> made = List.of(new Atom(out.shape().size(3)));
    List<List<Atom>> from = new ArrayList<>(q.from());
    from.set(3, made);
    List<List<Atom>> axes = new ArrayList<>(q.axes());
    axes.set(axes.size() - 1, made);
    return new View(out, from, axes);
  }

  /** Over {@code (B, heads, N, d)}. */
  private View heads(View x) {
    int rank = x.rank();
    List<Atom> leading = new ArrayList<>();
    x.axes().subList(0, rank - 2).forEach(axis -> leading.addAll(View.without(axis, View.BATCH)));
    View.check(
        !x.axisAtoms(rank - 2).contains(View.BATCH) && !x.axisAtoms(rank - 1).contains(View.BATCH),
        "attention between samples");
    return Layouts.rebased(
        g, x, List.of(List.of(View.BATCH), leading, x.axisAtoms(rank - 2), x.axisAtoms(rank - 1)));
  }

  /** Nearest neighbours, the same whole number of times in both directions. */
  View upsampled(View x, double height, double width) {
    View.check(
        height == width && height == Math.rint(height) && height >= 1,
        "enlarging " + height + " by " + width + " times");
    return View.of(
        g.add(new LayoutOp.UpsampleNearest((int) height), null, Layouts.exact(g, x).base()));
  }
}
