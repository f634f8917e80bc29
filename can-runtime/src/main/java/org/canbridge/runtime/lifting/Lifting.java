package org.canbridge.runtime.lifting;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.LongStream;
import org.canbridge.runtime.graph.Dim;
import org.canbridge.runtime.graph.ElementwiseOp.Pointwise.Function;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.LayoutOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TransposedMatrix;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.onnx.OnnxModel;
import org.canbridge.tensors.onnx.OnnxNode;

/**
 * Writes an ONNX graph as one of ours, node by node. What cannot be written is collected, so that
 * one message names all of it.
 */
final class Lifting {
  private static final Value UNKNOWN = new Value.Unknown();

  private final OnnxModel model;
  private final Sizes sizes;
  private final GraphBuilder g;
  private final Parameters parameters;
  private final Layers layers;
  private final Pointwise pointwise;
  private final Map<String, Value> values = new HashMap<>();
  private final List<String> problems = new ArrayList<>();

  /**
   * Begins.
   *
   * @param g with the inputs in it
   * @param inputs by the graph's own names
   */
  Lifting(OnnxModel model, Sizes sizes, GraphBuilder g, Map<String, View> inputs) {
    this.model = model;
    this.sizes = sizes;
    this.g = g;
    this.parameters = new Parameters(model, g);
    this.layers = new Layers(model, g, parameters);
    this.pointwise = new Pointwise(g, parameters);
    model.tensors().forEach((name, data) -> values.put(name, initializer(name, data)));
    inputs.forEach((name, view) -> values.put(name, new Value.Tensor(view)));
  }

  private Value initializer(String name, TensorData data) {
    boolean number =
        !data.type().dtype().isFloating() || (data.type().elements() == 1 && !model.isNamed(name));
    return number && data.type().elements() <= Numbers.MOST
        ? Numbers.of(name, data)
        : new Value.Weight(name, data);
  }

  /** What could not be written, one sentence a node; empty if everything was. */
  List<String> run() {
    for (OnnxNode node : model.nodes()) {
      List<Value> in = new ArrayList<>();
      node.inputs().forEach(name -> in.add(name.isEmpty() ? null : values.get(name)));
      try {
        List<Value> out = in.contains(UNKNOWN) ? List.of() : apply(node, in);
        for (int i = 0; i < node.outputs().size(); i++) {
          values.put(node.outputs().get(i), i < out.size() ? out.get(i) : UNKNOWN);
        }
      } catch (InputFileException e) {
        throw e;
      } catch (RuntimeException e) {
        // What ONNX's own checker would have refused shows in many ways.
        String reason =
            e instanceof IllegalArgumentException
                ? e.getMessage()
                : "inputs or attributes that the operation cannot have";
        problems.add(node.operator() + " " + node.name() + ": " + reason);
        node.outputs().forEach(name -> values.put(name, UNKNOWN));
      }
    }
    return problems;
  }

  /** A value of the graph by name, over a node of its shape, the batch first. */
  Node result(String name) {
    View.check(values.containsKey(name), "nothing gives it");
    return Layouts.exact(g, parameters.view(values.get(name))).base();
  }

  Parameters parameters() {
    return parameters;
  }

  private List<Value> apply(OnnxNode node, List<Value> in) {
    if (node.operator().equals("Constant")) {
      return List.of(constant(node));
    }
    if (layers.isFused(node)) {
      return List.of(
          in.stream().filter(value -> value instanceof Value.Tensor).findFirst().orElseThrow());
    }
    boolean known =
        !in.isEmpty() && in.stream().filter(Objects::nonNull).allMatch(v -> v instanceof Numbers);
    if (known && Folding.OPERATORS.contains(node.operator())) {
      List<Numbers> numbers = new ArrayList<>();
      in.forEach(value -> numbers.add((Numbers) value));
      return List.of(Folding.fold(node, numbers));
    }
    return switch (node.operator()) {
      case "Split" -> split(node, view(in, 0), in);
      default -> List.of(value(node, in));
    };
  }

  private static Value constant(OnnxNode node) {
    String name = node.outputs().get(0);
    if (node.has("value_float")) {
      return Numbers.of(name, List.of(), new double[] {node.number("value_float", 0)}, false);
    }
    if (node.has("value_int")) {
      return Numbers.of(name, List.of(), new double[] {node.integer("value_int", 0)}, true);
    }
    if (node.has("value_ints")) {
      List<Long> values = node.integers("value_ints", List.of());
      return Numbers.of(
          name, List.of((long) values.size()), values.stream().mapToDouble(v -> v).toArray(), true);
    }
    if (node.has("value_floats")) {
      List<Float> values = node.numbers("value_floats");
      return Numbers.of(
          name,
          List.of((long) values.size()),
          values.stream().mapToDouble(v -> v).toArray(),
          false);
    }
    TensorData data =
        node.tensor("value")
            .orElseThrow(() -> new IllegalArgumentException("a constant that is no tensor"));
    return data.type().elements() <= Numbers.MOST
        ? Numbers.of(name, data)
        : new Value.Weight(name, data);
  }

  private Value value(OnnxNode node, List<Value> in) {
    return switch (node.operator()) {
      case "Identity", "Dropout" -> in.get(0);
      case "Cast", "CastLike" -> cast(node, in.get(0));
      case "Shape" -> shape(node, in.get(0));
      case "Add" -> pointwise.add(in.get(0), in.get(1));
      case "Sub" -> pointwise.sub(in.get(0), in.get(1));
      case "Mul" -> pointwise.mul(in.get(0), in.get(1));
      case "Div" -> pointwise.div(in.get(0), in.get(1));
      case "Neg" -> pointwise.mul(in.get(0), Numbers.of("", List.of(), new double[] {-1}, false));
      case "Pow" -> power(in);
      case "Sqrt" -> new Value.Root(view(in, 0), false);
      case "Reciprocal" -> inverse(in.get(0));
      case "Erf" -> pointwise.erf(view(in, 0));
      case "Sigmoid" -> pointwise.sigmoid(view(in, 0));
      case "Sin", "Cos" -> sine(node, in.get(0));
      case "Softmax" -> softmax(node, in.get(0));
      case "Concat" -> concatenated(node, in);
      case "MatMul" -> product(node, in);
      case "Transpose" -> transposed(node, in.get(0));
      case "Einsum" -> new Value.Tensor(reordered(node, in));
      case "Gather" -> gathered(node, in);
      default -> new Value.Tensor(tensor(node, in));
    };
  }

  private View tensor(OnnxNode node, List<Value> in) {
    View x = view(in, 0);
    return switch (node.operator()) {
      case "Gemm" -> layers.gemm(node, x, in);
      case "Conv" -> layers.conv(node, x, in);
      case "ConvTranspose" -> layers.patches(node, x, in);
      case "LayerNormalization" -> layers.layerNorm(node, x, in);
      case "BatchNormalization" -> layers.batchNorm(node, x, in);
      case "InstanceNormalization" -> layers.groupNorm(node, x, in, x.dim(1).size());
      case "GroupNormalization" -> layers.groupNorm(node, x, in, node.integer("num_groups", 1));
      case "Relu" -> pointwise.function(Function.RELU, x);
      case "Tanh" -> pointwise.function(Function.TANH, x);
      case "Exp" -> pointwise.function(Function.EXP, x);
      case "Log" -> pointwise.function(Function.LOG, x);
      case "HardSwish" -> pointwise.function(Function.HARDSWISH, x);
      case "Gelu" ->
          pointwise.function(
              node.text("approximate", "none").equals("tanh")
                  ? Function.GELU_TANH
                  : Function.GELU_ERF,
              x);
      case "Swish" -> {
        View.check(node.number("alpha", 1) == 1, "alpha " + node.number("alpha", 1));
        yield pointwise.function(Function.SILU, x);
      }
      case "Clip" ->
          pointwise.clamped(x, bound(in, 1, -Float.MAX_VALUE), bound(in, 2, Float.MAX_VALUE));
      case "Reshape" -> x.reshaped(sizes.of(x, numbers(in, 1), node.integer("allowzero", 0) != 0));
      case "Flatten" -> flattened(x, x.axis(node.integer("axis", 1)));
      case "Unsqueeze" -> x.unsqueezed(Folding.axes(node, constants(in)));
      case "Squeeze" -> x.squeezed(squeezable(x, Folding.axes(node, constants(in))));
      case "Expand" -> expanded(x, numbers(in, 1));
      case "Slice" -> sliced(node, x, in);
      case "ReduceMean" -> mean(node, x, in);
      case "GlobalAveragePool" -> mean(x, List.of(2L, 3L), true);
      case "Resize", "Upsample" -> resized(node, x, in);
      case "Pad" -> padded(node, x, in);
      default -> throw new IllegalArgumentException("no operation of ours");
    };
  }

  private View view(List<Value> in, int i) {
    return parameters.view(in.get(i));
  }

  private static Numbers numbers(List<Value> in, int i) {
    Value value = in.get(i);
    if (value instanceof Value.Weight weight) {
      return Numbers.of(weight.name(), weight.data());
    }
    View.check(value instanceof Numbers, "sizes or positions that depend on values");
    return (Numbers) value;
  }

  private static List<Numbers> constants(List<Value> in) {
    List<Numbers> numbers = new ArrayList<>();
    in.forEach(value -> numbers.add(value instanceof Numbers known ? known : null));
    return numbers;
  }

  private static double bound(List<Value> in, int i, double usual) {
    return in.size() > i && in.get(i) != null ? numbers(in, i).scalar() : usual;
  }

  /** Between floating-point types, and of whole numbers: what is computed here is one type. */
  private static Value cast(OnnxNode node, Value value) {
    long to = node.integer("to", 1);
    boolean floating = to == 1 || to == 10 || to == 11 || to == 16;
    boolean whole = value instanceof Value.Tensor tensor && tensor.view().base().kind() == Kind.INT;
    View.check(node.operator().equals("CastLike") || floating != whole, "numbers of another kind");
    return value;
  }

  private static Value shape(OnnxNode node, Value value) {
    List<Dim> dims =
        value instanceof Value.Tensor tensor
            ? tensor.view().shape()
            : value instanceof Value.Weight weight
                ? weight.data().type().shape().stream().map(Dim::of).toList()
                : ((Numbers) value).shape().stream().map(Dim::of).toList();
    int from = Folding.clamped(node.integer("start", 0), dims.size());
    int to = Folding.clamped(node.integer("end", dims.size()), dims.size());
    return Numbers.sizes(node.outputs().get(0), dims.subList(from, to));
  }

  private Value power(List<Value> in) {
    double exponent = numbers(in, 1).scalar();
    if (exponent == 0.5) {
      return new Value.Root(view(in, 0), false);
    }
    View.check(exponent == 2, "the power " + exponent);
    return new Value.Tensor(pointwise.function(Function.SQUARE, view(in, 0)));
  }

  private static Value inverse(Value value) {
    View.check(value instanceof Value.Root root && !root.inverse(), "a division by values");
    return new Value.Root(((Value.Root) value).x(), true);
  }

  private static Value sine(OnnxNode node, Value value) {
    View.check(
        value instanceof Value.Angles angles && angles.part() == Value.Angles.Part.NONE,
        "a sine or cosine of what is no timestep times constants");
    return ((Value.Angles) value)
        .with(node.operator().equals("Sin") ? Value.Angles.Part.SINES : Value.Angles.Part.COSINES);
  }

  private Value softmax(OnnxNode node, Value value) {
    if (value instanceof Value.Scores scores) {
      long axis = node.integer("axis", -1);
      View.check(axis == -1 || axis == scores.q().rank() - 1, "a softmax over axis " + axis);
      return new Value.Scores(scores.q(), scores.k(), scores.scale(), true);
    }
    View x = parameters.view(value);
    View.check(x.axis(node.integer("axis", -1)) == x.rank() - 1, "a softmax over another axis");
    View over = Layouts.batchFirst(g, x);
    return new Value.Tensor(over.on(g.add(new ReductionOp.Softmax(), null, over.base())));
  }

  private Value concatenated(OnnxNode node, List<Value> in) {
    if (in.stream().anyMatch(value -> value instanceof Value.Angles)) {
      long axis = node.integer("axis", -1);
      return new Value.Tensor(Sinusoid.of(g, in, axis == -1 || axis == 1));
    }
    List<View> parts = in.stream().map(parameters::view).toList();
    int axis = parts.get(0).axis(node.integer("axis", 0));
    return new Value.Tensor(Layouts.concatenated(g, parts, axis));
  }

  private Value product(OnnxNode node, List<Value> in) {
    Value b = in.get(1);
    if (b instanceof Value.Weight || b instanceof Numbers) {
      return new Value.Tensor(layers.product(node, view(in, 0), parameters.weight(b), values));
    }
    return in.get(0) instanceof Value.Scores scores
        ? new Value.Tensor(layers.attention(scores, view(in, 1)))
        : layers.scores(view(in, 0), view(in, 1));
  }

  private Value transposed(OnnxNode node, Value value) {
    if (value instanceof Value.Weight weight && weight.data().type().shape().size() == 2) {
      View.check(node.integers("perm", List.of(1L, 0L)).equals(List.of(1L, 0L)), "axes");
      return new Value.Weight(weight.name(), new TransposedMatrix(weight.data()));
    }
    View x = parameters.view(value);
    List<Long> reversed = LongStream.range(0, x.rank()).map(i -> x.rank() - 1 - i).boxed().toList();
    return new Value.Tensor(x.permuted(node.integers("perm", reversed)));
  }

  /** A sum that sums nothing: one value with its axes in another order. */
  private View reordered(OnnxNode node, List<Value> in) {
    String equation = node.text("equation", "").replace(" ", "");
    String[] sides = equation.split("->", -1);
    View x = view(in, 0);
    View.check(
        in.size() == 1
            && sides.length == 2
            && sides[0].length() == x.rank()
            && sides[1].length() == x.rank()
            && sides[0].chars().distinct().count() == x.rank()
            && sides[1].chars().distinct().count() == x.rank(),
        "the sum " + equation);
    return x.permuted(sides[1].chars().mapToObj(c -> (long) sides[0].indexOf(c)).toList());
  }

  private Value gathered(OnnxNode node, List<Value> in) {
    long axis = node.integer("axis", 0);
    if (in.get(0) instanceof Value.Weight table && in.get(1) instanceof Value.Tensor ids) {
      View.check(axis == 0 && table.data().type().shape().size() == 2, "a table of other axes");
      return new Value.Tensor(layers.embedding(node, table, ids.view()));
    }
    View x = view(in, 0);
    Numbers index = numbers(in, 1);
    int place = x.axis(axis);
    List<Long> all = index.longs();
    long size = x.dim(place).size();
    long first = all.get(0) < 0 ? all.get(0) + size : all.get(0);
    for (int i = 0; i < all.size(); i++) {
      View.check(Math.floorMod(all.get(i), size) == first + i, "positions " + all);
    }
    return new Value.Tensor(
        Layouts.sliced(g, x, place, first, first + all.size(), index.shape().isEmpty()));
  }

  private List<Value> split(OnnxNode node, View x, List<Value> in) {
    int axis = x.axis(node.integer("axis", 0));
    long size = x.dim(axis).size();
    int count = node.outputs().size();
    long each = (size + count - 1) / count;
    List<Long> parts = new ArrayList<>(node.integers("split", List.of()));
    if (in.size() > 1 && in.get(1) != null) {
      parts.addAll(numbers(in, 1).longs());
    }
    for (int i = 0; parts.size() < count; i++) {
      parts.add(Math.min(each, size - i * each));
    }
    List<Value> out = new ArrayList<>();
    long from = 0;
    for (long part : parts) {
      out.add(new Value.Tensor(Layouts.sliced(g, x, axis, from, from + part, false)));
      from += part;
    }
    return out;
  }

  private View sliced(OnnxNode node, View x, List<Value> in) {
    List<Long> starts = in.size() > 1 ? numbers(in, 1).longs() : node.integers("starts", List.of());
    List<Long> ends = in.size() > 2 ? numbers(in, 2).longs() : node.integers("ends", List.of());
    List<Long> axes =
        in.size() > 3 && in.get(3) != null
            ? numbers(in, 3).longs()
            : node.integers("axes", LongStream.range(0, starts.size()).boxed().toList());
    View.check(
        in.size() < 5 || in.get(4) == null || numbers(in, 4).longs().stream().allMatch(s -> s == 1),
        "steps other than 1");
    View part = x;
    for (int i = 0; i < axes.size(); i++) {
      int axis = part.axis(axes.get(i));
      long size = part.dim(axis).size();
      int from = Folding.clamped(starts.get(i), size);
      int to = Folding.clamped(ends.get(i), size);
      boolean everything = from == 0 && ends.get(i) >= Integer.MAX_VALUE;
      part = everything ? part : Layouts.sliced(g, part, axis, from, to, false);
    }
    return part;
  }

  private static View flattened(View x, int axis) {
    List<Dim> outer = x.shape().subList(0, axis);
    List<Dim> inner = x.shape().subList(axis, x.rank());
    return x.reshaped(List.of(joined(outer), joined(inner)));
  }

  private static Dim joined(List<Dim> dims) {
    long size = dims.stream().mapToLong(Dim::size).reduce(1, Math::multiplyExact);
    return new Dim(size, dims.stream().anyMatch(Dim::batch));
  }

  private static List<Long> squeezable(View x, List<Long> axes) {
    return axes.isEmpty()
        ? LongStream.range(0, x.rank()).filter(i -> x.axisAtoms((int) i).isEmpty()).boxed().toList()
        : axes;
  }

  /** To the shape that it has: anything else would be copies. */
  private View expanded(View x, Numbers to) {
    int missing = to.count() - x.rank();
    View.check(missing <= 0, "copies along new axes");
    for (int i = 0; i < to.count(); i++) {
      Dim dim = x.dim(x.rank() - to.count() + i);
      boolean same = to.values()[i] == dim.size() && to.batch()[i] == dim.batch();
      boolean fixed =
          dim.batch() && sizes.fixed().isPresent() && to.values()[i] == sizes.fixed().getAsLong();
      View.check(same || fixed || (to.values()[i] == 1 && !to.batch()[i]), "copies along an axis");
    }
    return x;
  }

  private View mean(OnnxNode node, View x, List<Value> in) {
    return mean(x, Folding.axes(node, constants(in)), node.integer("keepdims", 1) != 0);
  }

  private View mean(View x, List<Long> axes, boolean keeps) {
    List<Integer> places = axes.stream().map(x::axis).toList();
    View over = Layouts.exact(g, x);
    Node node = g.add(new ReductionOp.Mean(places), null, over.base());
    View mean = View.of(node);
    List<List<View.Atom>> kept = new ArrayList<>(over.axes());
    places.forEach(place -> kept.set(place, List.of()));
    View result = new View(mean.base(), kept, kept);
    return keeps ? result : result.squeezed(axes);
  }

  private View resized(OnnxNode node, View x, List<Value> in) {
    View.check(node.text("mode", "nearest").equals("nearest"), node.text("mode", "nearest"));
    List<Double> factors = new ArrayList<>();
    int scales = node.operator().equals("Resize") ? 2 : 1;
    Numbers given = null;
    if (in.size() > scales && in.get(scales) != null && numbers(in, scales).count() > 0) {
      given = numbers(in, scales);
      for (double scale : given.values()) {
        factors.add(scale);
      }
    } else {
      given = numbers(in, 3);
      for (int i = 0; i < given.count(); i++) {
        factors.add(x.dim(i).batch() ? 1 : given.values()[i] / x.dim(i).size());
      }
    }
    View.check(
        factors.size() == 4 && factors.get(0) == 1 && factors.get(1) == 1,
        "enlarging by " + factors);
    return layers.upsampled(x, factors.get(2), factors.get(3));
  }

  private View padded(OnnxNode node, View x, List<Value> in) {
    View.check(
        node.text("mode", "constant").equals("constant") && bound(in, 2, 0) == 0,
        "padding with what is not 0");
    List<Long> pads = numbers(in, 1).longs();
    View.check(
        pads.size() == 8
            && pads.get(0) == 0
            && pads.get(1) == 0
            && pads.get(4) == 0
            && pads.get(5) == 0,
        "padding of samples or channels");
    LayoutOp.Pad op =
        new LayoutOp.Pad(
            (int) (long) pads.get(3),
            (int) (long) pads.get(7),
            (int) (long) pads.get(2),
            (int) (long) pads.get(6));
    return View.of(g.add(op, null, Layouts.exact(g, x).base()));
  }
}
