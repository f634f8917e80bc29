package org.canbridge.verifiers;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;

/**
 * One named tensor held against its reference. The checks stop at the first that fails: is it there
 * on both sides, has it the same shape, the same kind of elements (floating point, integer,
 * boolean), the same values within the tolerance. Values are compared in float64, except that
 * integers past 2^53 are still told apart. NaN and infinity pass nowhere, not even against
 * themselves.
 *
 * @param name the name in the reference, e.g. {@code activation.blocks.0.attn}
 * @param outcome the result
 * @param expected the reference's type, unless it has no such tensor
 * @param actual the subject's type, unless it has no such tensor
 * @param tolerance the rule for the values, where values were compared
 * @param differences what was found, where values were compared
 * @param reason why it was not checked, or what the subject lacks
 */
public record Comparison(
    String name,
    Outcome outcome,
    Optional<TensorType> expected,
    Optional<TensorType> actual,
    Optional<Tolerance> tolerance,
    Optional<Differences> differences,
    Optional<String> reason) {

  /** Checks that no part is null. */
  public Comparison {
    Objects.requireNonNull(name);
    Objects.requireNonNull(outcome);
    Objects.requireNonNull(expected);
    Objects.requireNonNull(actual);
    Objects.requireNonNull(tolerance);
    Objects.requireNonNull(differences);
    Objects.requireNonNull(reason);
  }

  /**
   * Compares two tensors, reading both in pieces of bounded size.
   *
   * @param tolerance the rule for floating-point values; integers and booleans must be equal
   */
  public static Comparison of(
      String name, TensorData expected, TensorData actual, Tolerance tolerance) {
    if (!expected.type().shape().equals(actual.type().shape())) {
      return typesDiffer(name, Outcome.SHAPE_DIFFERS, expected, actual);
    }
    DType reference = expected.type().dtype();
    DType subject = actual.type().dtype();
    if (reference.isFloating() != subject.isFloating()
        || (reference == DType.BOOL) != (subject == DType.BOOL)) {
      return typesDiffer(name, Outcome.DTYPE_DIFFERS, expected, actual);
    }
    Tolerance rule = reference.isFloating() ? tolerance : Tolerance.of(reference);
    Differences found = TensorComparator.compare(expected, actual, rule);
    return new Comparison(
        name,
        found.bad() == 0 ? Outcome.EQUAL : Outcome.VALUES_DIFFER,
        Optional.of(expected.type()),
        Optional.of(actual.type()),
        Optional.of(rule),
        Optional.of(found),
        Optional.empty());
  }

  private static Comparison typesDiffer(
      String name, Outcome outcome, TensorData expected, TensorData actual) {
    return new Comparison(
        name,
        outcome,
        Optional.of(expected.type()),
        Optional.of(actual.type()),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /**
   * Compares two sets of tensors by name: all of {@code expected} in its order, then what only
   * {@code actual} has.
   */
  public static List<Comparison> ofAll(
      Map<String, TensorData> expected, Map<String, TensorData> actual, Tolerance tolerance) {
    Map<String, Comparison> results = new LinkedHashMap<>();
    expected.forEach(
        (name, tensor) ->
            results.put(
                name,
                actual.containsKey(name)
                    ? of(name, tensor, actual.get(name), tolerance)
                    : missing(name, tensor.type(), "there is no such tensor")));
    actual.forEach(
        (name, tensor) -> results.computeIfAbsent(name, n -> unexpected(n, tensor.type())));
    return List.copyOf(results.values());
  }

  /** The reference has a tensor that the subject lacks. */
  static Comparison missing(String name, TensorType expected, String reason) {
    return unread(name, Outcome.MISSING, Optional.of(expected), Optional.empty(), reason);
  }

  /** The subject has a tensor that the reference lacks. */
  static Comparison unexpected(String name, TensorType actual) {
    return unread(
        name,
        Outcome.UNEXPECTED,
        Optional.empty(),
        Optional.of(actual),
        "the reference has no such tensor");
  }

  /** The tensor was left out. */
  static Comparison notChecked(String name, TensorType expected, String reason) {
    return unread(name, Outcome.NOT_CHECKED, Optional.of(expected), Optional.empty(), reason);
  }

  private static Comparison unread(
      String name,
      Outcome outcome,
      Optional<TensorType> expected,
      Optional<TensorType> actual,
      String reason) {
    return new Comparison(
        name, outcome, expected, actual, Optional.empty(), Optional.empty(), Optional.of(reason));
  }

  /** Whether the tensor was compared and is equal within its tolerance. */
  public boolean passed() {
    return outcome == Outcome.EQUAL;
  }
}
