package org.canbridge.runtime.lifting;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.ElementwiseOp.Pointwise.Function;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.runtime.lifting.View.Atom;
import org.canbridge.tensors.Tensors;

/** Arithmetic element by element, and the activations and norms that it is the parts of. */
final class Pointwise {
  private static final double ROOT_OF_TWO = Math.sqrt(2);
  private static final double QUICK = 1.702;

  /** Constants of exporters are float32. */
  private static final double TOLERANCE = 1e-6;

  private final GraphBuilder g;
  private final Parameters parameters;

  Pointwise(GraphBuilder g, Parameters parameters) {
    this.g = g;
    this.parameters = parameters;
  }

  View function(Function function, View x) {
    return x.on(g.pointwise(function, floating(x).base()));
  }

  private static View floating(View x) {
    View.check(x.base().kind() == Kind.FLOAT, "arithmetic with labels");
    return x;
  }

  /** With the usual broadcasting. */
  View binary(Op op, View a, View b) {
    View[] both = View.unified(floating(a), floating(b));
    int rank = Math.max(a.rank(), b.rank());
    List<List<Atom>> left = padded(both[0], rank);
    List<List<Atom>> right = padded(both[1], rank);
    List<List<Atom>> axes = new ArrayList<>();
    List<List<Atom>> base = new ArrayList<>();
    List<List<Atom>> ofLeft = new ArrayList<>();
    List<List<Atom>> ofRight = new ArrayList<>();
    if (a.isBatched() || b.isBatched()) {
      List<Atom> batch = List.of(View.BATCH);
      base.add(batch);
      ofLeft.add(a.isBatched() ? batch : List.of());
      ofRight.add(b.isBatched() ? batch : List.of());
    }
    for (int i = 0; i < rank; i++) {
      List<Atom> axis = left.get(i).isEmpty() ? right.get(i) : left.get(i);
      axes.add(axis);
      List<Atom> rest = View.without(axis, View.BATCH);
      if (!rest.isEmpty()) {
        base.add(rest);
        ofLeft.add(View.without(left.get(i), View.BATCH));
        ofRight.add(View.without(right.get(i), View.BATCH));
      }
    }
    Node node =
        g.add(
            op,
            null,
            Layouts.rebased(g, both[0], trimmed(ofLeft)).base(),
            Layouts.rebased(g, both[1], trimmed(ofRight)).base());
    return new View(node, base, axes);
  }

  private static List<List<Atom>> padded(View view, int rank) {
    List<List<Atom>> axes = new ArrayList<>(view.axes());
    while (axes.size() < rank) {
      axes.add(0, List.of());
    }
    return axes;
  }

  /** Without axes of size 1 in front: broadcasting adds them. */
  private static List<List<Atom>> trimmed(List<List<Atom>> axes) {
    int first = 0;
    while (first < axes.size() && axes.get(first).isEmpty()) {
      first++;
    }
    return axes.subList(first, axes.size());
  }

  Value add(Value a, Value b) {
    if (b instanceof Numbers number && number.isScalar()) {
      return addScalar(a, number.scalar(), number);
    }
    if (a instanceof Numbers number && number.isScalar()) {
      return addScalar(b, number.scalar(), number);
    }
    return new Value.Tensor(
        binary(new ElementwiseOp.Add(), parameters.view(a), parameters.view(b)));
  }

  private Value addScalar(Value value, double number, Numbers shaped) {
    if (value instanceof Value.Gate gate
        && gate.kind() == Value.Gate.Kind.ERF
        && gate.factor() == 1
        && number == 1) {
      return new Value.Gate(gate.x(), Value.Gate.Kind.ONE_AND_ERF, 1);
    }
    View x = ranked(floating(parameters.view(value)), shaped);
    return new Value.Tensor(number == 0 ? x : x.on(g.addScalar(x.base(), number)));
  }

  /** A constant of more axes gives the sum as many. */
  private static View ranked(View x, Numbers number) {
    int missing = number.shape().size() - x.rank();
    return missing <= 0 ? x : x.unsqueezed(LongStream.range(0, missing).boxed().toList());
  }

  Value sub(Value a, Value b) {
    if (b instanceof Numbers number && number.isScalar()) {
      return addScalar(a, -number.scalar(), number);
    }
    if (a instanceof Numbers number && number.isScalar()) {
      return addScalar(mulScalar(b, -1, number), number.scalar(), number);
    }
    return new Value.Tensor(
        binary(new ElementwiseOp.Sub(), parameters.view(a), parameters.view(b)));
  }

  Value mul(Value a, Value b) {
    if (b instanceof Numbers number && number.isScalar()) {
      return mulScalar(a, number.scalar(), number);
    }
    if (a instanceof Numbers number && number.isScalar()) {
      return mulScalar(b, number.scalar(), number);
    }
    if (a instanceof Value.Gate gate) {
      return gated(gate, parameters.view(b));
    }
    if (b instanceof Value.Gate gate) {
      return gated(gate, parameters.view(a));
    }
    if (a instanceof Value.Root root) {
      return divided(parameters.view(b), root, root.inverse());
    }
    if (b instanceof Value.Root root) {
      return divided(parameters.view(a), root, root.inverse());
    }
    Optional<Value> angles = angles(a, b).or(() -> angles(b, a));
    return angles.orElseGet(
        () ->
            new Value.Tensor(
                binary(new ElementwiseOp.Mul(), parameters.view(a), parameters.view(b))));
  }

  private Value mulScalar(Value value, double number, Numbers shaped) {
    if (value instanceof Value.Gate gate) {
      double factor = gate.factor() * number;
      boolean whole = gate.kind() == Value.Gate.Kind.GATED_ERF && factor == 0.5;
      return whole
          ? new Value.Tensor(function(Function.GELU_ERF, gate.x()))
          : new Value.Gate(gate.x(), gate.kind(), factor);
    }
    if (value instanceof Value.Scores scores && !scores.normalised()) {
      return new Value.Scores(scores.q(), scores.k(), scores.scale() * number, false);
    }
    if (value instanceof Value.Angles angles) {
      List<Double> scaled = angles.frequencies().stream().map(f -> f * number).toList();
      return new Value.Angles(angles.t(), scaled, angles.part());
    }
    View x = ranked(floating(parameters.view(value)), shaped);
    return new Value.Tensor(number == 1 ? x : x.on(g.mulScalar(x.base(), number)));
  }

  Value div(Value a, Value b) {
    if (b instanceof Value.Root root) {
      return divided(parameters.view(a), root, !root.inverse());
    }
    View.check(b instanceof Numbers number && number.isScalar(), "a division by values");
    Numbers number = (Numbers) b;
    if (a instanceof Value.Tensor) {
      View x = ranked(floating(parameters.view(a)), number);
      return new Value.Tensor(
          x.on(g.add(new ElementwiseOp.DivScalar(number.scalar()), null, x.base())));
    }
    return mulScalar(a, 1 / number.scalar(), number);
  }

  /** {@code erf}, of what must be {@code x / sqrt(2)}. */
  Value erf(View argument) {
    Node node = argument.base();
    boolean half =
        (node.op() instanceof ElementwiseOp.DivScalar div && near(div.constant(), ROOT_OF_TWO))
            || (node.op() instanceof ElementwiseOp.MulScalar mul
                && near(mul.constant(), 1 / ROOT_OF_TWO));
    View.check(half, "erf outside of gelu");
    return new Value.Gate(argument.on(node.inputs().get(0)), Value.Gate.Kind.ERF, 1);
  }

  Value sigmoid(View x) {
    boolean quick =
        x.base().op() instanceof ElementwiseOp.MulScalar mul && near(mul.constant(), QUICK);
    return quick
        ? new Value.Gate(x.on(x.base().inputs().get(0)), Value.Gate.Kind.QUICK_SIGMOID, 1)
        : new Value.Gate(x, Value.Gate.Kind.SIGMOID, 1);
  }

  private static boolean near(double a, double b) {
    return Math.abs(a - b) <= TOLERANCE * Math.abs(b);
  }

  private Value gated(Value.Gate gate, View y) {
    double factor = gate.factor();
    View other = y;
    if (y.base() != gate.x().base()
        && y.base().op() instanceof ElementwiseOp.MulScalar mul
        && gate.kind() == Value.Gate.Kind.ONE_AND_ERF) {
      factor *= mul.constant();
      other = y.on(y.base().inputs().get(0));
    }
    View.check(
        other.base() == gate.x().base() && other.shape().equals(gate.x().shape()),
        "a gate of another value");
    return switch (gate.kind()) {
      case ONE_AND_ERF ->
          mulScalar(
              new Value.Gate(gate.x(), Value.Gate.Kind.GATED_ERF, factor),
              1,
              Numbers.of("", List.of(), new double[] {1}, false));
      case SIGMOID -> scaled(function(Function.SILU, gate.x()), factor);
      case QUICK_SIGMOID -> scaled(function(Function.QUICK_GELU, gate.x()), factor);
      default -> throw new IllegalArgumentException("a product with erf");
    };
  }

  private Value scaled(View x, double factor) {
    return new Value.Tensor(factor == 1 ? x : x.on(g.mulScalar(x.base(), factor)));
  }

  /** {@code (x - mean) / sqrt(mean((x - mean)^2) + eps)} is a layer norm. */
  private Value divided(View numerator, Value.Root root, boolean divides) {
    View.check(divides, "a product with a square root");
    Node difference = numerator.base();
    Node sum = root.x().base();
    boolean norm =
        difference.op() instanceof ElementwiseOp.Sub
            && isMean(difference.inputs().get(1), difference.inputs().get(0))
            && sum.op() instanceof ElementwiseOp.AddScalar
            && sum.inputs().get(0).op() instanceof ReductionOp.Mean
            && isSquare(sum.inputs().get(0).inputs().get(0), difference)
            && isLast(sum.inputs().get(0));
    View.check(norm, "a division by a square root outside of a layer norm");
    double eps = ((ElementwiseOp.AddScalar) sum.op()).constant();
    Node x = difference.inputs().get(0);
    return new Value.Tensor(numerator.on(g.layerNorm(x, eps)));
  }

  private static boolean isMean(Node node, Node of) {
    return node.op() instanceof ReductionOp.Mean && isLast(node) && node.inputs().get(0) == of;
  }

  private static boolean isLast(Node mean) {
    int last = mean.inputs().get(0).shape().rank() - 1;
    return ((ReductionOp.Mean) mean.op()).axes().equals(List.of(last));
  }

  private static boolean isSquare(Node node, Node of) {
    boolean function =
        node.op() instanceof ElementwiseOp.Pointwise p && p.function() == Function.SQUARE;
    boolean product = node.op() instanceof ElementwiseOp.Mul;
    return (function || product) && node.inputs().stream().allMatch(in -> in == of);
  }

  /** Timesteps times a list of constants: the angles of a sinusoid. */
  private Optional<Value> angles(Value t, Value list) {
    boolean timesteps =
        t instanceof Value.Tensor tensor
            && View.flat(tensor.view().axes()).equals(List.of(View.BATCH));
    boolean numbers = list instanceof Numbers || (list instanceof Value.Weight w && isList(w));
    if (!timesteps || !numbers) {
      return Optional.empty();
    }
    double[] values =
        list instanceof Numbers known
            ? known.values()
            : Tensors.doubles(((Value.Weight) list).data());
    View view = ((Value.Tensor) t).view();
    View steps = new View(view.base(), view.from(), List.of(List.of(View.BATCH)));
    return Optional.of(
        new Value.Angles(steps, Arrays.stream(values).boxed().toList(), Value.Angles.Part.NONE));
  }

  private static boolean isList(Value.Weight weight) {
    return weight.data().type().shape().stream().filter(size -> size > 1).count() == 1
        && weight.data().type().elements() <= Numbers.MOST;
  }

  View clamped(View x, double least, double most) {
    return x.on(g.add(new ElementwiseOp.Clamp(least, most), null, floating(x).base()));
  }
}
