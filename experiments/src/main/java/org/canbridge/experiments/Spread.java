package org.canbridge.experiments;

import java.util.List;
import java.util.Locale;

/**
 * Some numbers by their mean and their standard deviation (divisor n - 1) or standard error.
 *
 * @param deviation NaN of a single number
 */
record Spread(double mean, double deviation) {

  static Spread of(List<Double> values) {
    if (values.isEmpty()) {
      throw new IllegalArgumentException("no mean of nothing");
    }
    double mean = values.stream().mapToDouble(v -> v).average().orElseThrow();
    double squares = values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
    return new Spread(
        mean, values.size() == 1 ? Double.NaN : Math.sqrt(squares / (values.size() - 1)));
  }

  /** The same in another unit. */
  Spread times(double factor) {
    return new Spread(factor * mean, factor * deviation);
  }

  /**
   * {@code mean ± deviation} with so many digits behind the point; the mean alone of one number.
   */
  String text(int digits) {
    return text("%." + digits + "f", "%." + digits + "f");
  }

  /** As {@link #text(int)}, with the mean's sign. */
  String signed(int digits) {
    return text("%+." + digits + "f", "%." + digits + "f");
  }

  private String text(String meanFormat, String deviationFormat) {
    String text = String.format(Locale.ROOT, meanFormat, mean);
    return Double.isNaN(deviation)
        ? text
        : text + " ± " + String.format(Locale.ROOT, deviationFormat, deviation);
  }
}
