package org.canbridge.importers.keys;

/**
 * One way in which the tensors of a file do not fit the rules.
 *
 * @param kind the sort of problem
 * @param key the tensor's name in the file
 * @param detail expected and actual type or shape
 */
public record KeyProblem(Kind kind, String key, String detail) {

  /** The sorts, in the order in which they are reported. */
  public enum Kind {
    /** A rule finds no tensor of that name. */
    MISSING("missing"),
    /** No rule uses the tensor. */
    UNEXPECTED("unexpected"),
    /** The shape is not the rule's. */
    SHAPE("wrong shape"),
    /** Integers instead of floating point or the other way round, or types that must be equal. */
    ELEMENTS("wrong type"),
    /** Tensors that must hold the same values do not. */
    VALUES("wrong values");

    private final String label;

    Kind(String label) {
      this.label = label;
    }

    /** The sort in words. */
    public String label() {
      return label;
    }
  }

  @Override
  public String toString() {
    return kind.label + " " + key + (detail.isEmpty() ? "" : ": " + detail);
  }
}
