package org.canbridge.runtime.engine.torchscript;

import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Expressions of TorchScript. */
final class Torch {
  /** What stands for an argument that is left out. */
  static final String NONE = "None";

  /** An empty list of tensors. */
  static final String NO_TENSORS = "annotate(List[Tensor], [])";

  private Torch() {}

  /** A call of an operator; arguments are expressions, numbers, truth values or lists of them. */
  static String call(String operator, Object... arguments) {
    return "torch." + operator + arguments(arguments);
  }

  /** A call of an operator of oneDNN. */
  static String mkldnn(String operator, Object... arguments) {
    return "ops.mkldnn." + operator + arguments(arguments);
  }

  private static String arguments(Object... arguments) {
    return Stream.of(arguments).map(Torch::text).collect(Collectors.joining(", ", "(", ")"));
  }

  private static String text(Object value) {
    if (value instanceof Collection<?> several) {
      return several.stream().map(Torch::text).collect(Collectors.joining(", ", "[", "]"));
    }
    if (value instanceof Boolean) {
      return value.equals(true) ? "True" : "False";
    }
    return value.toString();
  }

  /** An argument by name. */
  static String named(String name, Object value) {
    return name + "=" + text(value);
  }

  /** A character string. */
  static String quoted(String text) {
    return '"' + text + '"';
  }

  /** The value in another type. */
  static String to(String value, Object type) {
    return value.equals(NONE) ? value : call("to", value, type);
  }

  /** The element type of a value. */
  static String type(String value) {
    return "ops.prim.dtype(" + value + ")";
  }

  /** The type of a tuple of tensors. */
  static String tupleOfTensors(int count) {
    return "Tuple[" + String.join(", ", Collections.nCopies(count, "Tensor")) + "]";
  }

  /** Ones, where {@code like} is. */
  static String ones(List<Long> sizes, ScalarType type, String like) {
    return made("ones", sizes, type, like);
  }

  /** The numbers from 0 on, where {@code like} is. */
  static String range(long count, ScalarType type, String like) {
    return made("arange", count, type, like);
  }

  private static String made(String operator, Object what, ScalarType type, String like) {
    return call(
        operator,
        what,
        named("dtype", type),
        named("layout", NONE),
        named("device", "ops.prim.device(" + like + ")"),
        named("pin_memory", false));
  }

  /** The same elements in row-major order in this shape. */
  static String reshape(String value, Object... sizes) {
    return call("reshape", value, List.of(sizes));
  }

  /** Zeros around a value, sizes from the last axis to the first; the value itself without any. */
  static String padded(String value, long... sizes) {
    return LongStream.of(sizes).allMatch(size -> size == 0)
        ? value
        : call("constant_pad_nd", value, LongStream.of(sizes).boxed().toList(), 0);
  }

  /** A range of an axis, or of a list where there is no axis. */
  static String slice(String value, int axis, long from, long to) {
    return call("slice", value, axis, from, to, 1);
  }
}
