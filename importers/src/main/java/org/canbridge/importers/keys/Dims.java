package org.canbridge.importers.keys;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The sizes that the symbols of symbolic shapes stand for, e.g. {@code D = 1152}. A symbol may be
 * declared without a value: a damaged file that lacks the one tensor which tells a size can then
 * still be compared with the rules in everything else.
 */
public final class Dims {
  private static final Dims NONE = new Dims(Map.of());

  private final Map<String, OptionalLong> values;

  private Dims(Map<String, OptionalLong> values) {
    this.values = values;
  }

  /** No symbols. */
  public static Dims none() {
    return NONE;
  }

  /** These sizes and one more; a symbol that is there already takes the new value. */
  public Dims with(String symbol, long value) {
    return with(symbol, OptionalLong.of(value));
  }

  /** These sizes and one more, which may be unknown. */
  public Dims with(String symbol, OptionalLong value) {
    Map<String, OptionalLong> extended = new LinkedHashMap<>(values);
    extended.put(symbol, value);
    return new Dims(extended);
  }

  /**
   * The value of a symbol; empty where it is declared but unknown.
   *
   * @throws IllegalArgumentException if the symbol is not declared, which is a mistake in the rules
   */
  OptionalLong get(String symbol) {
    OptionalLong value = values.get(symbol);
    if (value == null) {
      throw new IllegalArgumentException(
          "symbol " + symbol + " is not declared; declared are " + values.keySet());
    }
    return value;
  }

  @Override
  public String toString() {
    return values.toString();
  }
}
