package org.canbridge.verifiers.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.Printable;
import org.canbridge.verifiers.Comparison;
import org.canbridge.verifiers.Differences;
import org.canbridge.verifiers.Outcome;
import org.canbridge.verifiers.ParityReport;
import org.canbridge.verifiers.Tolerance;

/** Words and numbers that all views of a report have in common. */
final class Wording {
  private Wording() {}

  /** Two digits, enough to judge a difference: {@code 2.4e-07}. */
  static String brief(double value) {
    if (value == 0) {
      return "0";
    }
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.1e", value) : word(value);
  }

  /** Two digits, rounded up, for what is needed at least. */
  static String atLeast(double value) {
    return brief(new BigDecimal(value).round(new MathContext(2, RoundingMode.UP)).doubleValue());
  }

  /**
   * {@code expected 0.25, actual 0.5} with as many digits as tell the values apart from their
   * neighbours: those of float32 if both are such numbers.
   */
  static String values(Differences.Element element) {
    double expected = element.expected();
    double actual = element.actual();
    boolean narrow = isFloat(expected) && isFloat(actual);
    return "expected " + digits(expected, narrow) + ", actual " + digits(actual, narrow);
  }

  private static boolean isFloat(double value) {
    return !Double.isFinite(value) || (float) value == value;
  }

  private static String digits(double value, boolean narrow) {
    if (!Double.isFinite(value)) {
      return word(value);
    }
    return narrow ? Float.toString((float) value) : Double.toString(value);
  }

  private static String word(double value) {
    return Double.isNaN(value) ? "NaN" : value > 0 ? "inf" : "-inf";
  }

  /** One decimal where it says something: {@code 52.1 %}, {@code 3.5e-03 %}. */
  static String percent(double share) {
    double percent = 100 * share;
    return (percent >= 0.1 ? String.format(Locale.ROOT, "%.1f", percent) : brief(percent)) + " %";
  }

  static String seconds(double seconds) {
    return String.format(Locale.ROOT, "%.3f", seconds);
  }

  /** How a report names an outcome. */
  static String status(Outcome outcome) {
    return switch (outcome) {
      case EQUAL -> "equal";
      case MISSING -> "MISSING";
      case UNEXPECTED -> "UNEXPECTED";
      case SHAPE_DIFFERS, DTYPE_DIFFERS, VALUES_DIFFER -> "DIFFERS";
      case NOT_CHECKED -> "not checked";
    };
  }

  /** The type that was expected, or the one that was not. */
  static String type(Comparison c) {
    return c.expected().or(c::actual).map(TensorType::toString).orElse("");
  }

  /** One line on what is wrong, or why it was left out; empty for equal tensors. */
  static String remark(Comparison c) {
    return switch (c.outcome()) {
      case EQUAL -> "";
      case MISSING, UNEXPECTED, NOT_CHECKED -> Printable.replaced(c.reason().orElse(""));
      case SHAPE_DIFFERS -> "the shape is " + c.actual().orElseThrow().shape();
      case DTYPE_DIFFERS -> "the type is " + c.actual().orElseThrow().dtype();
      case VALUES_DIFFER -> valuesRemark(c.differences().orElseThrow());
    };
  }

  private static String valuesRemark(Differences d) {
    Differences.Element worst = d.worst().orElseThrow();
    return d.bad()
        + " of "
        + d.elements()
        + " bad ("
        + percent(d.badShare())
        + "), worst at "
        + worst.index()
        + ": "
        + values(worst)
        + "; "
        + wouldPass(d);
  }

  static String wouldPass(Differences d) {
    if (d.nonFiniteExpected() + d.nonFiniteActual() > 0) {
      return "NaN and infinity pass at no tolerance";
    }
    String factor =
        Double.isFinite(d.factorNeeded())
            ? "the tolerance times " + atLeast(d.factorNeeded()) + " would pass"
            : "no multiple of the tolerance would pass";
    return Double.isFinite(d.rtolNeeded())
        ? factor + ", or rtol " + atLeast(d.rtolNeeded()) + " at the same atol"
        : factor + ", and no rtol at the same atol";
  }

  static String rule(Tolerance t) {
    return "|actual - expected| <= "
        + t.atol()
        + " + "
        + t.rtol()
        + " * |expected| ("
        + Printable.replaced(t.why())
        + ")";
  }

  /** {@code activation.blocks.0.attn in call forward}. */
  static String place(ParityReport.Finding finding) {
    return Printable.replaced(finding.comparison().name())
        + " in call "
        + Printable.replaced(finding.call());
  }

  /** {@code 16 equal, 1 different or missing, 2 not checked}. */
  static String counts(ParityReport report) {
    return report.equal()
        + " equal, "
        + report.failures()
        + " different or missing, "
        + report.notChecked()
        + " not checked";
  }

  /** The verdict's one sentence. */
  static String verdict(ParityReport report) {
    if (report.passed()) {
      return "PASSED: " + counts(report);
    }
    return report.failures() > 0
        ? "FAILED: " + counts(report)
        : "FAILED: nothing was compared (" + counts(report) + ")";
  }
}
