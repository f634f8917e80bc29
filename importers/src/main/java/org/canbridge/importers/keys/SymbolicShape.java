package org.canbridge.importers.keys;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * A shape whose sizes are expressions, e.g. {@code [3*D, D]}; {@code []} is a scalar.
 *
 * @param text the shape as it was written
 */
record SymbolicShape(String text, List<Expression> sizes) {

  /** Rules of layouts are a few texts, which are asked for with every file. */
  private static final Map<String, SymbolicShape> PARSED = new ConcurrentHashMap<>();

  static SymbolicShape parse(String text) {
    return PARSED.computeIfAbsent(text, SymbolicShape::read);
  }

  private static SymbolicShape read(String text) {
    String trimmed = text.strip();
    if (!trimmed.startsWith("[") || !trimmed.endsWith("]")) {
      throw new IllegalArgumentException("a shape is written [a, b, ...], not " + text);
    }
    String inner = trimmed.substring(1, trimmed.length() - 1).strip();
    List<Expression> sizes =
        inner.isEmpty()
            ? List.of()
            : Arrays.stream(inner.split(",", -1)).map(Expression::parse).toList();
    return new SymbolicShape(trimmed, sizes);
  }

  /** The shape with what {@code dims} knows put in. */
  Resolved resolve(Dims dims) {
    String[] words = text.substring(1, text.length() - 1).split(",", -1);
    List<OptionalLong> values = new ArrayList<>();
    List<String> shown = new ArrayList<>();
    for (int axis = 0; axis < sizes.size(); axis++) {
      OptionalLong value = sizes.get(axis).value(dims);
      values.add(value);
      shown.add(value.isPresent() ? Long.toString(value.getAsLong()) : words[axis].strip());
    }
    return new Resolved(
        List.copyOf(values), shown.stream().collect(Collectors.joining(", ", "[", "]")));
  }

  /**
   * A shape some of whose sizes may be unknown.
   *
   * @param text for messages; unknown sizes stand as they were written
   */
  record Resolved(List<OptionalLong> sizes, String text) {

    /** Whether a tensor of this shape would be as the rule says, as far as that is known. */
    boolean accepts(List<Long> shape) {
      if (shape.size() != sizes.size()) {
        return false;
      }
      for (int axis = 0; axis < sizes.size(); axis++) {
        OptionalLong expected = sizes.get(axis);
        if (expected.isPresent() && expected.getAsLong() != shape.get(axis)) {
          return false;
        }
      }
      return true;
    }

    /** The shape, if every size is known. */
    Optional<List<Long>> complete() {
      return sizes.stream().allMatch(OptionalLong::isPresent)
          ? Optional.of(sizes.stream().map(OptionalLong::getAsLong).toList())
          : Optional.empty();
    }
  }
}
