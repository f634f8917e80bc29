package org.canbridge.runtime.diffusion;

import java.util.OptionalLong;

/**
 * The labels of a network.
 *
 * @param classes how many there are beside the null class, 0 to {@code classes - 1}; 0 for an
 *     unconditional network, whose labels are all 0
 * @param nullClass whether the label {@code classes} stands for no class
 */
public record ClassLabels(int classes, boolean nullClass) {
  /** Those of an unconditional network. */
  public static final ClassLabels NONE = new ClassLabels(0, false);

  /**
   * Checks the number.
   *
   * @throws IllegalArgumentException if it is negative, or there is a null class of no class
   */
  public ClassLabels {
    if (classes < 0 || (classes == 0 && nullClass)) {
      throw new IllegalArgumentException("no labels of " + classes + " classes");
    }
  }

  /** Classes with a null class after them. */
  public static ClassLabels withNull(int classes) {
    return new ClassLabels(classes, true);
  }

  /** The label of the null class. */
  public OptionalLong nullLabel() {
    return nullClass ? OptionalLong.of(classes) : OptionalLong.empty();
  }

  /**
   * Checks that guidance is possible.
   *
   * @throws IllegalArgumentException with the reason if it is not
   */
  void checkGuidance() {
    if (!nullClass) {
      throw new IllegalArgumentException(
          classes == 0
              ? "this model is unconditional and cannot be guided; use a guidance scale of 1"
              : "this model has no null class, so that it cannot be guided; use a guidance scale"
                  + " of 1");
    }
  }

  /**
   * Checks labels, of which there must be one at least.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  void check(long... labels) {
    if (labels.length == 0) {
      throw new IllegalArgumentException("at least one class label is needed");
    }
    long last = classes == 0 ? 0 : nullClass ? classes : classes - 1;
    for (long label : labels) {
      if (label < 0 || label > last) {
        throw new IllegalArgumentException(
            classes == 0
                ? "class " + label + " for an unconditional model, whose labels are 0"
                : "class "
                    + label
                    + " is not in 0.."
                    + (classes - 1)
                    + (nullClass ? " (null class " + last + ")" : ""));
      }
    }
  }
}
