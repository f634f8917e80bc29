package org.canbridge.importers.keys;

import java.util.Objects;

/**
 * One side of a rule: the name and shape of a tensor, with indices and sizes left symbolic.
 *
 * @param name e.g. {@code blocks.{i}.attn.qkv.weight}; an index is an expression in braces
 * @param shape e.g. {@code [3*D, D]}; sizes are expressions over the symbols of {@link Dims}
 * @param elements the kind of elements the tensor must have
 */
public record Slot(String name, String shape, Elements elements) {

  /** Kinds of elements that a rule tells apart; the exact type is the file's own business. */
  public enum Elements {
    /** Weights: any floating point type. */
    FLOATING,
    /** Tables of positions: any integer type. */
    INTEGER,
    /** Counters that play no part in the network: programs cast them with everything else. */
    ANY
  }

  /**
   * Checks the syntax of both texts.
   *
   * @throws IllegalArgumentException if an expression does not parse
   */
  public Slot {
    Objects.requireNonNull(elements);
    NameTemplate.check(name);
    SymbolicShape.parse(shape);
  }

  /** A tensor of weights. */
  public static Slot of(String name, String shape) {
    return new Slot(name, shape, Elements.FLOATING);
  }
}
