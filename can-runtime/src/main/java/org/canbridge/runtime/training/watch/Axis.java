package org.canbridge.runtime.training.watch;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;

/**
 * An axis: where a value lies between the ends, and which values are labelled.
 *
 * @param low the value at the start; positive on a logarithmic axis
 * @param high the value at the end, larger than {@code low}
 */
record Axis(double low, double high, boolean logarithmic, List<Tick> ticks) {

  /** From which ratio of the largest to the smallest value on an axis is logarithmic. */
  private static final double LOGARITHMIC_FROM = 20;

  /** The share of the axis that stays free beyond the outermost values. */
  private static final double MARGIN = 0.06;

  /** The largest share of zeros that a logarithmic axis is taken for all the same. */
  private static final double FEW = 0.01;

  /** Larger values lie at the end of the axis, so that differences of its ends stay finite. */
  private static final double LARGEST = 1e300;

  /** A labelled value. */
  record Tick(double value, String label) {}

  /** Where the value lies: 0 at the start, 1 at the end; outside values are moved to the ends. */
  double position(double value) {
    double share =
        logarithmic
            ? (Math.log(Math.max(value, low)) - Math.log(low)) / (Math.log(high) - Math.log(low))
            : (value - low) / (high - low);
    return Math.min(Math.max(share, 0), 1);
  }

  /** The axis of steps: linear, from 0 to the last one. */
  static Axis steps(long last) {
    double high = Math.max(last, 1);
    double distance = Math.max(1, round(high / 6));
    return new Axis(0, high, false, linearTicks(0, high, distance, v -> Numbers.whole((long) v)));
  }

  /** A linear axis from zero, for what is never negative. */
  static Axis fromZero(Series series) {
    int highest = series.highest();
    double top = highest < 0 ? 1 : series.value(highest);
    return linear(0, top > 0 ? top * (1 + MARGIN) : 1);
  }

  /**
   * An axis that shows all finite values: logarithmic if the largest is many times the smallest and
   * none is negative. The few zeros that there may be then lie at the lower end.
   */
  static Axis fitting(Series series) {
    if (series.lowest() < 0) {
      return linear(0, 1);
    }
    double low = series.value(series.lowest());
    double high = series.value(series.highest());
    double positive = series.finite().mapToDouble(series::value).filter(v -> v > 0).min().orElse(0);
    long zeros = series.finite().filter(i -> series.value(i) == 0).count();
    boolean few = zeros <= FEW * series.size();
    if (low >= 0 && few && positive > 0 && high / positive >= LOGARITHMIC_FROM) {
      return logarithmic(positive, high);
    }
    if (low == 0 && high == 0) {
      return linear(0, 1);
    }
    double margin = MARGIN * (high > low ? high - low : Math.abs(high));
    boolean nearZero = low >= 0 && low - margin <= 0.25 * high;
    return linear(nearZero ? 0 : low - margin, high + margin);
  }

  private static Axis linear(double from, double to) {
    double low = Math.max(from, -LARGEST);
    double high = Math.min(to, LARGEST);
    double distance = round((high - low) / 5);
    return new Axis(low, high, false, linearTicks(low, high, distance, v -> Numbers.brief(v, 12)));
  }

  private static Axis logarithmic(double smallest, double largest) {
    double margin = Math.pow(largest / smallest, MARGIN);
    double low = smallest / margin;
    double high = largest * margin;
    double decades = Math.log10(high / low);
    int every = (int) Math.ceil(decades / 7);
    double[] factors = factors(decades);
    List<Tick> ticks = new ArrayList<>();
    for (int e = (int) Math.floor(Math.log10(low)); e <= Math.log10(high); e++) {
      for (double factor : factors) {
        double value = Double.parseDouble(factor + "e" + e);
        if (Math.floorMod(e, every) == 0 && value >= low && value <= high) {
          ticks.add(new Tick(value, Numbers.brief(value, 1)));
        }
      }
    }
    return new Axis(low, high, true, List.copyOf(ticks));
  }

  /** The labelled values within a decade: fewer where there are more decades. */
  private static double[] factors(double decades) {
    if (decades < 1.7) {
      return new double[] {1, 2, 5};
    }
    return decades < 4 ? new double[] {1, 3} : new double[] {1};
  }

  private static List<Tick> linearTicks(
      double low, double high, double distance, DoubleFunction<String> label) {
    List<Tick> ticks = new ArrayList<>();
    // Multiples, not a running sum, whose rounding would show in the labels.
    for (long n = (long) Math.ceil(low / distance - 1e-9);
        n * distance <= high * (1 + 1e-12);
        n++) {
      ticks.add(new Tick(n * distance, label.apply(n * distance)));
    }
    return List.copyOf(ticks);
  }

  /** The next larger number out of 1, 2, 5 times a power of ten. */
  private static double round(double distance) {
    double power = Math.pow(10, Math.floor(Math.log10(distance)));
    for (double factor : new double[] {1, 2, 5}) {
      if (factor * power >= distance * (1 - 1e-9)) {
        return factor * power;
      }
    }
    return 10 * power;
  }
}
