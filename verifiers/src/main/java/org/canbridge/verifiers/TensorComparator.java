package org.canbridge.verifiers;

import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.Tensors;

/** Compares the values of two tensors of one shape, piece by piece. */
final class TensorComparator {
  /** Elements read at a time: 2 MiB a side as float64. */
  private static final int PIECE = 1 << 18;

  private final Tolerance tolerance;
  private final TensorType type;
  private long bad;
  private long nonFiniteExpected;
  private long nonFiniteActual;
  private double maxAbsolute;
  private double maxRelative;
  private double factorNeeded;
  private double rtolNeeded;
  private long worstAt = -1;
  private double worstExpected;
  private double worstActual;
  private double worstFactor = -1;
  private double worstDifference;

  private TensorComparator(TensorType type, Tolerance tolerance) {
    this.type = type;
    this.tolerance = tolerance;
  }

  /** Both tensors are floating point, both integer, or both boolean, and of one shape. */
  static Differences compare(TensorData expected, TensorData actual, Tolerance tolerance) {
    TensorComparator comparator = new TensorComparator(expected.type(), tolerance);
    long total = expected.type().elements();
    boolean floating = expected.type().dtype().isFloating();
    for (long start = 0; start < total; start += PIECE) {
      int count = (int) Math.min(PIECE, total - start);
      if (floating) {
        comparator.addFloating(
            start, doubles(expected, start, count), doubles(actual, start, count));
      } else {
        comparator.addIntegers(
            start, new Integers(expected, start, count), new Integers(actual, start, count));
      }
    }
    return comparator.result();
  }

  private static DoubleBuffer doubles(TensorData tensor, long start, int count) {
    return Tensors.as(tensor, DType.F64)
        .bytes(start * Double.BYTES, count * Double.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asDoubleBuffer();
  }

  /** A piece of an integer or boolean tensor. U64 keeps its bits, the rest its value. */
  private static final class Integers {
    private final LongBuffer values;
    private final boolean unsigned;

    Integers(TensorData tensor, long start, int count) {
      this.unsigned = tensor.type().dtype() == DType.U64;
      this.values =
          (unsigned ? tensor : Tensors.as(tensor, DType.I64))
              .bytes(start * Long.BYTES, count * Long.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .asLongBuffer();
    }

    long bits(int index) {
      return values.get(index);
    }

    double value(int index) {
      long bits = values.get(index);
      // The halves of an unsigned number are exact; the sum rounds once.
      return unsigned && bits < 0 ? (bits >>> 1) * 2.0 + (bits & 1) : bits;
    }
  }

  private void addFloating(long start, DoubleBuffer expected, DoubleBuffer actual) {
    for (int i = 0; i < expected.remaining(); i++) {
      double e = expected.get(i);
      double a = actual.get(i);
      add(start + i, e, a, Math.abs(a - e));
    }
  }

  private void addIntegers(long start, Integers expected, Integers actual) {
    for (int i = 0; i < expected.values.remaining(); i++) {
      double e = expected.value(i);
      double a = actual.value(i);
      // Two integers past 2^53 may be one double; then they are close, and their bits tell.
      double difference =
          e == a ? Math.abs((double) (actual.bits(i) - expected.bits(i))) : Math.abs(a - e);
      add(start + i, e, a, difference);
    }
  }

  private void add(long at, double expected, double actual, double difference) {
    boolean finite = true;
    if (!Double.isFinite(expected)) {
      nonFiniteExpected++;
      finite = false;
    }
    if (!Double.isFinite(actual)) {
      nonFiniteActual++;
      finite = false;
    }
    if (finite) {
      addFinite(at, expected, actual, difference);
      return;
    }
    bad++;
    factorNeeded = Double.POSITIVE_INFINITY;
    rtolNeeded = Double.POSITIVE_INFINITY;
    // Beyond every finite element, and only the first such.
    keepWorst(at, expected, actual, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
  }

  private void addFinite(long at, double expected, double actual, double difference) {
    maxAbsolute = Math.max(maxAbsolute, difference);
    maxRelative = Math.max(maxRelative, ratio(difference, Math.abs(expected)));
    double bound = tolerance.bound(expected);
    double factor = ratio(difference, bound);
    if (!(difference <= bound)) {
      bad++;
      // The quotient of neighbouring numbers may round down to 1.
      factor = Math.max(factor, Math.nextUp(1.0));
    }
    if (difference > tolerance.atol()) {
      rtolNeeded = Math.max(rtolNeeded, rtolFor(difference, Math.abs(expected)));
    }
    factorNeeded = Math.max(factorNeeded, factor);
    keepWorst(at, expected, actual, factor, difference);
  }

  private void keepWorst(
      long at, double expected, double actual, double factor, double difference) {
    if (factor > worstFactor || (factor == worstFactor && difference > worstDifference)) {
      worstAt = at;
      worstExpected = expected;
      worstActual = actual;
      worstFactor = factor;
      worstDifference = difference;
    }
  }

  private static double ratio(double difference, double whole) {
    return difference == 0 ? 0 : difference / whole;
  }

  /** The smallest relative part, up to rounding, that lets this difference pass. */
  private double rtolFor(double difference, double magnitude) {
    double needed = (difference - tolerance.atol()) / magnitude;
    if (difference <= tolerance.atol() + needed * magnitude) {
      return needed;
    }
    return Math.nextUp((difference + Math.ulp(difference) - tolerance.atol()) / magnitude);
  }

  private Differences result() {
    return new Differences(
        type.elements(),
        bad,
        worstAt < 0
            ? Optional.empty()
            : Optional.of(new Differences.Element(index(worstAt), worstExpected, worstActual)),
        maxAbsolute,
        maxRelative,
        factorNeeded,
        rtolNeeded,
        nonFiniteExpected,
        nonFiniteActual);
  }

  /** The position in each dimension of an element in row-major order. */
  private List<Long> index(long at) {
    List<Long> index = new ArrayList<>();
    long rest = at;
    List<Long> shape = type.shape();
    for (int i = shape.size() - 1; i >= 0; i--) {
      index.add(rest % shape.get(i));
      rest /= shape.get(i);
    }
    Collections.reverse(index);
    return index;
  }
}
