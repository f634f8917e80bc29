package org.canbridge.runtime.training.watch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** One number over the steps of a run, in ascending order of steps. */
final class Series {
  private long[] steps = new long[64];
  private double[] values = new double[64];
  private int size;

  /**
   * A point to draw, or a place where the line is broken.
   *
   * @param value finite, but for breaks
   */
  record Point(double step, double value) {
    boolean isBreak() {
      return !Double.isFinite(value);
    }
  }

  void add(long step, double value) {
    if (size == steps.length) {
      steps = Arrays.copyOf(steps, 2 * size);
      values = Arrays.copyOf(values, 2 * size);
    }
    steps[size] = step;
    values[size++] = value;
  }

  int size() {
    return size;
  }

  long step(int index) {
    return steps[index];
  }

  double value(int index) {
    return values[index];
  }

  /** The positions of finite values, ascending. */
  IntStream finite() {
    return IntStream.range(0, size).filter(i -> Double.isFinite(values[i]));
  }

  /** The position of the smallest finite value, or -1. */
  int lowest() {
    return finite().reduce((a, b) -> values[b] < values[a] ? b : a).orElse(-1);
  }

  /** The position of the largest finite value, or -1. */
  int highest() {
    return finite().reduce((a, b) -> values[b] > values[a] ? b : a).orElse(-1);
  }

  /** The position of the last finite value, or -1. */
  int last() {
    return finite().reduce((a, b) -> b).orElse(-1);
  }

  /** Whether both have the same steps and the same values, NaN being equal to itself. */
  boolean sameAs(Series other) {
    return Arrays.equals(steps, 0, size, other.steps, 0, other.size)
        && Arrays.equals(values, 0, size, other.values, 0, other.size);
  }

  /**
   * The exponential moving average {@code m = b m + (1 - b) x} with {@code b = 1 - 2 / (span + 1)},
   * divided by {@code 1 - b^n} so that it does not start at zero. Values that are not finite stay
   * as they are and do not enter the average.
   *
   * @param span about how many points it averages over, at least 1
   */
  Series smoothed(int span) {
    Series result = new Series();
    double decay = 1 - 2.0 / (span + 1);
    double mean = 0;
    double weight = 0;
    for (int i = 0; i < size; i++) {
      double value = values[i];
      if (Double.isFinite(value)) {
        mean = decay * mean + (1 - decay) * value;
        weight = decay * weight + (1 - decay);
        value = mean / weight;
      }
      result.add(steps[i], value);
    }
    return result;
  }

  /**
   * At most about so many points that draw the same picture: of each of {@code limit / 2} equal
   * parts the lowest and the highest value, in their order, so that no spike is lost; and a break
   * where there are values that are not finite.
   */
  List<Point> extremes(int limit) {
    return points(limit, this::extremesOf);
  }

  /**
   * The same for a line that is smooth within a part, of which the last finite value will do: where
   * it starts, a moving average is as rough as what it is made from.
   */
  List<Point> ends(int limit) {
    return points(limit, this::endOf);
  }

  /** Chooses positions in {@code from .. to}. */
  private interface Choice {
    IntStream in(int from, int to);
  }

  private List<Point> points(int limit, Choice choice) {
    List<Point> points = new ArrayList<>();
    int parts = size <= limit ? size : limit / 2;
    for (int part = 0; part < parts; part++) {
      int from = (int) ((long) size * part / parts);
      int to = (int) ((long) size * (part + 1) / parts);
      IntStream.concat(choice.in(from, to), breaks(from, to))
          .filter(i -> i >= 0)
          .sorted()
          .distinct()
          .forEach(i -> points.add(new Point((double) steps[i], values[i])));
    }
    return points;
  }

  /** The lowest and the highest finite value, or -1. */
  private IntStream extremesOf(int from, int to) {
    int low = -1;
    int high = -1;
    for (int i = from; i < to; i++) {
      if (Double.isFinite(values[i])) {
        low = low < 0 || values[i] < values[low] ? i : low;
        high = high < 0 || values[i] > values[high] ? i : high;
      }
    }
    return IntStream.of(low, high);
  }

  private IntStream endOf(int from, int to) {
    int last = to - 1;
    while (last >= from && !Double.isFinite(values[last])) {
      last--;
    }
    return IntStream.of(last < from ? -1 : last);
  }

  /** The first and the last value that is not finite, or -1. */
  private IntStream breaks(int from, int to) {
    int first = -1;
    int last = -1;
    for (int i = from; i < to; i++) {
      if (!Double.isFinite(values[i])) {
        first = first < 0 ? i : first;
        last = i;
      }
    }
    return IntStream.of(first, last);
  }
}
