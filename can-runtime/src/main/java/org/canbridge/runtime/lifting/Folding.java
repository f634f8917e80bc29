package org.canbridge.runtime.lifting;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.canbridge.tensors.onnx.OnnxNode;

/**
 * Arithmetic on {@link Numbers}: what exporters write about shapes, and constants that they did not
 * fold. Floating-point numbers are rounded to float32 after each operation, as the original was.
 */
final class Folding {
  /** The operators that are known. */
  static final Set<String> OPERATORS =
      Set.of(
          "Add",
          "Sub",
          "Mul",
          "Div",
          "Mod",
          "Neg",
          "Sqrt",
          "Reciprocal",
          "Exp",
          "Log",
          "Pow",
          "Sin",
          "Cos",
          "Floor",
          "Ceil",
          "Cast",
          "Identity",
          "Concat",
          "Gather",
          "Slice",
          "Squeeze",
          "Unsqueeze",
          "Reshape",
          "Range",
          "ConstantOfShape",
          "Expand",
          "ReduceProd",
          "Min",
          "Max",
          "Equal",
          "Where",
          "Transpose");

  private Folding() {}

  /**
   * What a node gives.
   *
   * @param in its inputs; an optional one that was left out is null
   * @throws IllegalArgumentException if it is beyond this
   */
  static Numbers fold(OnnxNode node, List<Numbers> in) {
    String name = node.outputs().get(0);
    return switch (node.operator()) {
      case "Add" -> binary(name, in, Double::sum, false);
      case "Sub" -> binary(name, in, (a, b) -> a - b, false);
      case "Mul" -> binary(name, in, (a, b) -> a * b, true);
      case "Div" -> divided(name, in);
      case "Mod" -> binary(name, in, (a, b) -> a - b * Math.floor(a / b), false);
      case "Min" -> binary(name, in, Math::min, false);
      case "Max" -> binary(name, in, Math::max, false);
      case "Equal" -> binary(name, in, (a, b) -> a == b ? 1 : 0, false);
      case "Pow" -> binary(name, in, Math::pow, false);
      case "Neg" -> unary(name, in, v -> -v);
      case "Sqrt" -> unary(name, in, Math::sqrt);
      case "Reciprocal" -> unary(name, in, v -> 1 / v);
      case "Exp" -> unary(name, in, Math::exp);
      case "Log" -> unary(name, in, Math::log);
      case "Sin" -> unary(name, in, Math::sin);
      case "Cos" -> unary(name, in, Math::cos);
      case "Floor" -> unary(name, in, Math::floor);
      case "Ceil" -> unary(name, in, Math::ceil);
      case "Cast" -> cast(name, in.get(0), node.integer("to", 1));
      case "Identity" -> in.get(0);
      case "Concat" -> concatenated(name, in, node.integer("axis", 0));
      case "Gather" -> gathered(name, in.get(0), in.get(1), node.integer("axis", 0));
      case "Slice" -> sliced(name, in);
      case "Squeeze", "Unsqueeze", "Reshape" -> reshaped(node, in);
      case "Range" -> range(name, in);
      case "ConstantOfShape" -> filled(node, in.get(0));
      case "Expand" -> expanded(name, in.get(0), in.get(1).longs());
      case "Transpose" -> transposed(node, in.get(0));
      case "Where" -> chosen(name, in);
      case "ReduceProd" ->
          Numbers.of(
              name,
              List.of(),
              new double[] {
                Arrays.stream(in.get(0).longs().stream().mapToDouble(v -> v).toArray())
                    .reduce(1, (a, b) -> a * b)
              },
              true);
      default -> throw new IllegalArgumentException("no arithmetic on constants");
    };
  }

  private static double rounded(double value, boolean integer) {
    return integer ? value : (float) value;
  }

  private static Numbers unary(String name, List<Numbers> in, DoubleUnaryOperator f) {
    Numbers x = in.get(0);
    x.longs();
    double[] values =
        Arrays.stream(x.values()).map(v -> rounded(f.applyAsDouble(v), x.integer())).toArray();
    return Numbers.of(name, x.shape(), values, x.integer());
  }

  /** With broadcasting; multiples of the batch size take only whole factors. */
  private static Numbers binary(
      String name, List<Numbers> in, DoubleBinaryOperator f, boolean product) {
    Numbers a = in.get(0);
    Numbers b = in.get(1);
    List<Long> shape = broadcast(a.shape(), b.shape());
    int count = Math.toIntExact(product(shape));
    double[] values = new double[count];
    boolean[] batch = new boolean[count];
    for (int i = 0; i < count; i++) {
      int left = position(i, shape, a.shape());
      int right = position(i, shape, b.shape());
      batch[i] = a.batch()[left] || b.batch()[right];
      View.check(
          !batch[i] || (product && !(a.batch()[left] && b.batch()[right])),
          "arithmetic with the batch size");
      values[i] = rounded(f.applyAsDouble(a.values()[left], b.values()[right]), a.integer());
    }
    return new Numbers(name, shape, values, a.integer(), batch);
  }

  private static Numbers divided(String name, List<Numbers> in) {
    boolean whole = in.get(0).integer();
    Numbers quotient =
        binary(
            name,
            in,
            (a, b) -> whole ? (a >= 0 ? Math.floor(a / b) : Math.ceil(a / b)) : a / b,
            true);
    Numbers a = in.get(0);
    Numbers b = in.get(1);
    for (int i = 0; i < quotient.count(); i++) {
      int right = position(i, quotient.shape(), b.shape());
      int left = position(i, quotient.shape(), a.shape());
      View.check(
          !b.batch()[right] && (!a.batch()[left] || a.values()[left] % b.values()[right] == 0),
          "a division of the batch size");
    }
    return quotient;
  }

  static List<Long> broadcast(List<Long> a, List<Long> b) {
    int rank = Math.max(a.size(), b.size());
    List<Long> shape = new ArrayList<>();
    for (int i = rank; i > 0; i--) {
      long left = i <= a.size() ? a.get(a.size() - i) : 1;
      long right = i <= b.size() ? b.get(b.size() - i) : 1;
      View.check(left == right || left == 1 || right == 1, "shapes " + a + " and " + b);
      shape.add(left == 1 ? right : left);
    }
    return shape;
  }

  /** Where element {@code i} of a shape lies in what was broadcast to it. */
  private static int position(int i, List<Long> shape, List<Long> from) {
    int at = 0;
    int step = 1;
    int left = i;
    for (int axis = shape.size() - 1, mine = from.size() - 1; axis >= 0; axis--, mine--) {
      int size = (int) (long) shape.get(axis);
      if (mine >= 0) {
        at += from.get(mine) == 1 ? 0 : left % size * step;
        step *= (int) (long) from.get(mine);
      }
      left /= size;
    }
    return at;
  }

  private static long product(List<Long> shape) {
    long product = shape.stream().reduce(1L, Math::multiplyExact);
    View.check(product <= Numbers.MOST, "a constant of " + shape);
    return product;
  }

  /** 1 and 10 to 16 are ONNX's floating-point types. */
  private static Numbers cast(String name, Numbers x, long type) {
    boolean integer = type != 1 && type != 10 && type != 11 && type != 16;
    double[] values =
        Arrays.stream(x.values()).map(v -> integer ? (double) (long) v : (float) v).toArray();
    return new Numbers(name, x.shape(), values, integer, x.batch());
  }

  private static Numbers concatenated(String name, List<Numbers> in, long axis) {
    View.check(in.stream().allMatch(x -> x.shape().size() == 1), "constants of rank 1 are joined");
    View.check(axis == 0 || axis == -1, "axis " + axis + " of lists");
    int[][] places =
        IntStream.range(0, in.size())
            .boxed()
            .flatMap(p -> IntStream.range(0, in.get(p).count()).mapToObj(i -> new int[] {p, i}))
            .toArray(int[][]::new);
    double[] values = new double[places.length];
    boolean[] batch = new boolean[places.length];
    for (int i = 0; i < places.length; i++) {
      values[i] = in.get(places[i][0]).values()[places[i][1]];
      batch[i] = in.get(places[i][0]).batch()[places[i][1]];
    }
    return new Numbers(name, List.of((long) values.length), values, in.get(0).integer(), batch);
  }

  /** The elements at these positions. */
  private static Numbers picked(String name, Numbers x, List<Long> shape, int... positions) {
    double[] values = new double[positions.length];
    boolean[] batch = new boolean[positions.length];
    for (int i = 0; i < positions.length; i++) {
      values[i] = x.values()[positions[i]];
      batch[i] = x.batch()[positions[i]];
    }
    return new Numbers(name, shape, values, x.integer(), batch);
  }

  private static Numbers gathered(String name, Numbers x, Numbers indices, long axis) {
    View.check(x.shape().size() == 1 && (axis == 0 || axis == -1), "constants of rank 1 are read");
    int[] positions =
        indices.longs().stream().mapToInt(i -> (int) (i < 0 ? i + x.count() : i)).toArray();
    View.check(
        Arrays.stream(positions).allMatch(p -> p >= 0 && p < x.count()), "an index out of range");
    return picked(name, x, indices.shape(), positions);
  }

  private static Numbers sliced(String name, List<Numbers> in) {
    Numbers x = in.get(0);
    View.check(x.shape().size() == 1, "constants of rank 1 are cut");
    long step = in.size() > 4 && in.get(4) != null ? in.get(4).longs().get(0) : 1;
    View.check(step == 1, "steps of " + step);
    int from = clamped(in.get(1).longs().get(0), x.count());
    int to = Math.max(from, clamped(in.get(2).longs().get(0), x.count()));
    return picked(name, x, List.of((long) to - from), IntStream.range(from, to).toArray());
  }

  /** A position that may count from the end or lie beyond it. */
  static int clamped(long position, long size) {
    long from = position < 0 ? Math.max(position, -size) + size : position;
    return (int) Math.min(from, size);
  }

  private static Numbers reshaped(OnnxNode node, List<Numbers> in) {
    Numbers x = in.get(0);
    List<Long> shape = new ArrayList<>(x.shape());
    switch (node.operator()) {
      case "Squeeze" -> shape.removeIf(size -> size == 1);
      case "Unsqueeze" -> {
        List<Long> axes = axes(node, in);
        int rank = shape.size() + axes.size();
        axes.stream()
            .map(a -> (int) (a < 0 ? a + rank : a))
            .sorted()
            .forEach(a -> shape.add(a, 1L));
      }
      default -> {
        shape.clear();
        shape.addAll(in.get(1).longs());
        long known = shape.stream().filter(s -> s > 0).reduce(1L, (a, b) -> a * b);
        shape.replaceAll(s -> s == -1 ? x.count() / known : s);
      }
    }
    View.check(product(shape) == x.count(), "shape " + shape + " of " + x.count() + " numbers");
    return new Numbers(node.outputs().get(0), shape, x.values(), x.integer(), x.batch());
  }

  /** The axes of a node, which were an attribute until opset 12. */
  static List<Long> axes(OnnxNode node, List<Numbers> in) {
    return in.size() > 1 && in.get(1) != null
        ? in.get(1).longs()
        : node.integers("axes", List.of());
  }

  private static Numbers range(String name, List<Numbers> in) {
    double start = in.get(0).scalar();
    double step = in.get(2).scalar();
    long count = (long) Math.max(0, Math.ceil((in.get(1).scalar() - start) / step));
    product(List.of(count));
    double[] values = LongStream.range(0, count).mapToDouble(i -> start + i * step).toArray();
    return Numbers.of(name, List.of(count), values, in.get(0).integer());
  }

  private static Numbers filled(OnnxNode node, Numbers shape) {
    double[] values = new double[Math.toIntExact(product(shape.longs()))];
    Numbers value =
        node.tensor("value")
            .map(data -> Numbers.of("", data))
            .orElse(Numbers.of("", List.of(), new double[1], false));
    Arrays.fill(values, value.scalar());
    return Numbers.of(node.outputs().get(0), shape.longs(), values, value.integer());
  }

  private static Numbers expanded(String name, Numbers x, List<Long> to) {
    List<Long> shape = broadcast(x.shape(), to);
    int[] positions =
        IntStream.range(0, Math.toIntExact(product(shape)))
            .map(i -> position(i, shape, x.shape()))
            .toArray();
    return picked(name, x, shape, positions);
  }

  private static Numbers transposed(OnnxNode node, Numbers x) {
    View.check(x.shape().stream().filter(s -> s > 1).count() <= 1, "constants are transposed");
    List<Long> shape = new ArrayList<>();
    node.integers("perm", List.of()).forEach(a -> shape.add(x.shape().get((int) (long) a)));
    View.check(shape.size() == x.shape().size(), "axes of " + x.shape());
    return new Numbers(node.outputs().get(0), shape, x.values(), x.integer(), x.batch());
  }

  private static Numbers chosen(String name, List<Numbers> in) {
    View.check(
        in.get(0).shape().equals(in.get(1).shape()) && in.get(0).shape().equals(in.get(2).shape()),
        "constants of several shapes are chosen from");
    double[] values = new double[in.get(0).count()];
    boolean[] batch = new boolean[values.length];
    for (int i = 0; i < values.length; i++) {
      Numbers taken = in.get(in.get(0).values()[i] != 0 ? 1 : 2);
      values[i] = taken.values()[i];
      batch[i] = taken.batch()[i];
    }
    return new Numbers(name, in.get(0).shape(), values, in.get(1).integer(), batch);
  }
}
