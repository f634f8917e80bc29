package org.canbridge.runtime.training.watch;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/** Numbers as they are read by people. */
final class Numbers {
  private Numbers() {}

  /** {@code 1,234,567}. */
  static String whole(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  /** So many significant digits at most, no trailing zeros: {@code 0.0525}, {@code 2.5e-7}. */
  static String brief(double value, int digits) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "∞" : "−∞";
    }
    if (value == 0) {
      return "0";
    }
    BigDecimal rounded =
        new BigDecimal(value).round(new MathContext(digits, RoundingMode.HALF_EVEN));
    return signed(plainOrScientific(rounded.stripTrailingZeros()));
  }

  private static String plainOrScientific(BigDecimal value) {
    int exponent = value.precision() - value.scale() - 1;
    if (exponent >= -3 && exponent < 6) {
      int decimals = Math.max(0, value.scale());
      return String.format(Locale.ROOT, "%,." + decimals + "f", value);
    }
    return value.movePointLeft(exponent).stripTrailingZeros().toPlainString() + "e" + exponent;
  }

  /** A typographic minus, which is as wide as a digit. */
  private static String signed(String text) {
    return text.startsWith("-") ? "−" + text.substring(1) : text;
  }

  /** {@code 3.4 s}, {@code 4 min 05 s}, {@code 2 h 05 min}, {@code 3 d 04 h}. */
  static String duration(double seconds) {
    if (!Double.isFinite(seconds)) {
      return brief(seconds, 1);
    }
    if (seconds < 9.95) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    long whole = Math.round(seconds);
    if (whole < 60) {
      return whole + " s";
    }
    if (whole < 3600) {
      return pair(whole, 60, "min", 1, "s");
    }
    return whole < 86_400 ? pair(whole, 3600, "h", 60, "min") : pair(whole, 86_400, "d", 3600, "h");
  }

  private static String pair(long seconds, long large, String name, long small, String next) {
    return String.format(
        Locale.ROOT, "%d %s %02d %s", seconds / large, name, seconds % large / small, next);
  }
}
