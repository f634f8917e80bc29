package org.canbridge.importers.keys;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.tensors.TensorData;

/**
 * What {@link KeyMap#apply} made of a set of tensors. The tensors are complete only if there are no
 * problems.
 */
public final class KeyMapping {
  private final Map<String, TensorData> tensors;
  private final List<KeyFate> fates;
  private final List<KeyProblem> problems;
  private final List<ValueCheck> valueChecks;

  KeyMapping(
      Map<String, TensorData> tensors,
      List<KeyFate> fates,
      List<KeyProblem> problems,
      List<ValueCheck> valueChecks) {
    this.tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    this.fates = List.copyOf(fates);
    this.problems = List.copyOf(problems);
    this.valueChecks = List.copyOf(valueChecks);
  }

  /** The tensors that came out, in the order of the rules. */
  public Map<String, TensorData> tensors() {
    return tensors;
  }

  /** What became of every tensor that went in, in the order in which they went in. */
  public List<KeyFate> fates() {
    return fates;
  }

  /** Everything that does not fit, found without reading the data. */
  public List<KeyProblem> problems() {
    return problems;
  }

  /** Reads the tensors whose values a rule relies on and tells which do not hold. */
  public List<KeyProblem> checkValues() {
    List<KeyProblem> found = new ArrayList<>();
    for (ValueCheck check : valueChecks) {
      check
          .transform()
          .findFault(check.inputs())
          .ifPresent(
              fault ->
                  found.add(new KeyProblem(KeyProblem.Kind.VALUES, check.firstInput(), fault)));
    }
    return found;
  }

  /** A transform that may rely on its inputs' values. */
  record ValueCheck(String firstInput, Transform transform, List<TensorData> inputs) {}
}
