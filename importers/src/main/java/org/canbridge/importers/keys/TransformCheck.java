package org.canbridge.importers.keys;

import java.util.List;
import org.canbridge.tensors.TensorData;

/** Refuses what a rule cannot mean; every failure here is a mistake in a layout, not in a file. */
final class TransformCheck {
  private TransformCheck() {}

  static void arity(boolean right, Transform transform, int inputs, int outputs) {
    if (!right) {
      throw new IllegalArgumentException(
          transform.label() + " does not make " + outputs + " tensors of " + inputs);
    }
  }

  static void shapes(
      boolean right, Transform transform, List<TensorData> inputs, List<List<Long>> shapes) {
    if (!right) {
      throw new IllegalArgumentException(
          transform.label()
              + " does not make "
              + shapes
              + " of "
              + inputs.stream().map(TensorData::type).toList());
    }
  }

  /** Whether {@code parts}, laid side by side along {@code axis}, are {@code whole}. */
  static boolean partsMakeWhole(int axis, List<List<Long>> parts, List<Long> whole) {
    if (axis < 0 || axis >= whole.size()) {
      return false;
    }
    long length = 0;
    for (List<Long> part : parts) {
      if (part.size() != whole.size()) {
        return false;
      }
      for (int a = 0; a < whole.size(); a++) {
        if (a != axis && !part.get(a).equals(whole.get(a))) {
          return false;
        }
      }
      length += part.get(axis);
    }
    return length == whole.get(axis);
  }
}
