package org.canbridge.tensors;

import java.nio.ByteBuffer;

/**
 * Reading and writing single elements of every type, by way of {@code double} for floating point
 * and {@code long} for integers. Every floating type fits a double exactly, so a conversion rounds
 * once: to the nearest value, ties to even. NaN stays NaN. What is too large becomes infinity, and
 * NaN in F8_E4M3, which has no infinity (PyTorch 2.7 does the same; later versions saturate).
 *
 * <p>Source: IEEE 754 for F64, F32 and F16; "FP8 Formats for Deep Learning" (Micikevicius et al.,
 * 2022) for both F8 types.
 */
public final class ElementConversion {
  /** A floating type of at most 16 bits. */
  private record Small(int mantissaBits, int bias, boolean hasInfinity) {
    private static final int DOUBLE_MANTISSA = 52;
    private static final int DOUBLE_BIAS = 1023;

    /** The largest exponent field, which means infinity or NaN if the type has infinity. */
    int topExponent() {
      return 2 * bias + 1;
    }

    int signBit() {
      return (topExponent() + 1) << mantissaBits;
    }

    int infinityBits() {
      return topExponent() << mantissaBits;
    }

    int nanBits() {
      return hasInfinity ? infinityBits() | 1 << (mantissaBits - 1) : signBit() - 1;
    }

    double decode(int bits) {
      long sign = (bits & signBit()) == 0 ? 0 : Long.MIN_VALUE;
      int exponent = (bits & (signBit() - 1)) >> mantissaBits;
      long mantissa = bits & ((1 << mantissaBits) - 1);
      if (exponent == 0) {
        double magnitude = mantissa * powerOfTwo(1 - bias - mantissaBits);
        return sign == 0 ? magnitude : -magnitude;
      }
      boolean special = hasInfinity ? exponent == topExponent() : (bits | signBit()) == topBits();
      long wide = special ? 2 * DOUBLE_BIAS + 1 : exponent - bias + DOUBLE_BIAS;
      return Double.longBitsToDouble(
          sign | wide << DOUBLE_MANTISSA | mantissa << (DOUBLE_MANTISSA - mantissaBits));
    }

    /** For normal doubles; much faster than {@link Math#scalb(double, int)}. */
    private static double powerOfTwo(int exponent) {
      return Double.longBitsToDouble((long) (exponent + DOUBLE_BIAS) << DOUBLE_MANTISSA);
    }

    private int topBits() {
      return 2 * signBit() - 1;
    }

    int encode(double value) {
      int sign = Double.doubleToRawLongBits(value) < 0 ? signBit() : 0;
      if (Double.isNaN(value)) {
        return sign | nanBits();
      }
      int overflow = hasInfinity ? infinityBits() : nanBits();
      double magnitude = Math.abs(value);
      if (magnitude == Double.POSITIVE_INFINITY) {
        return sign | overflow;
      }
      int exponent = Math.max(Math.getExponent(magnitude), 1 - bias);
      // In units of the last place; exact, so that rint is the only rounding.
      double units = Math.rint(magnitude * powerOfTwo(mantissaBits - exponent));
      // The hidden bit of a normal number, and a carry into the exponent, add up by themselves.
      int bits = ((exponent + bias - 1) << mantissaBits) + (int) units;
      return sign | Math.min(bits, overflow);
    }
  }

  private static final Small F16 = new Small(10, 15, true);
  private static final Small BF16 = new Small(7, 127, true);
  private static final Small F8_E5M2 = new Small(2, 15, true);
  private static final Small F8_E4M3 = new Small(3, 7, false);

  private ElementConversion() {}

  /** The floating element that starts at byte {@code at} of a little-endian buffer. */
  public static double getDouble(DType dtype, ByteBuffer bytes, int at) {
    return switch (dtype) {
      case F64 -> bytes.getDouble(at);
      case F32 -> bytes.getFloat(at);
      case F16 -> F16.decode(bytes.getShort(at) & 0xffff);
      // The upper half of a float.
      case BF16 -> Float.intBitsToFloat(bytes.getShort(at) << 16);
      case F8_E5M2 -> F8_E5M2.decode(bytes.get(at) & 0xff);
      case F8_E4M3 -> F8_E4M3.decode(bytes.get(at) & 0xff);
      default -> throw new IllegalArgumentException(dtype + " is not floating point");
    };
  }

  /** Rounds the value to the floating element that starts at byte {@code at}. */
  static void putDouble(DType dtype, ByteBuffer bytes, int at, double value) {
    switch (dtype) {
      case F64 -> bytes.putDouble(at, value);
      case F32 -> bytes.putFloat(at, (float) value);
      case F16 -> bytes.putShort(at, (short) F16.encode(value));
      case BF16 -> bytes.putShort(at, (short) BF16.encode(value));
      case F8_E5M2 -> bytes.put(at, (byte) F8_E5M2.encode(value));
      case F8_E4M3 -> bytes.put(at, (byte) F8_E4M3.encode(value));
      default -> throw new IllegalArgumentException(dtype + " is not floating point");
    }
  }

  /**
   * The integer element that starts at byte {@code at}; a BOOL is 0 or 1.
   *
   * @throws ArithmeticException if a U64 is past {@link Long#MAX_VALUE}
   */
  public static long getLong(DType dtype, ByteBuffer bytes, int at) {
    return switch (dtype) {
      case I64 -> bytes.getLong(at);
      case U64 -> {
        long value = bytes.getLong(at);
        if (value < 0) {
          throw new ArithmeticException(Long.toUnsignedString(value) + " is past 2^63 - 1");
        }
        yield value;
      }
      case I32 -> bytes.getInt(at);
      case U32 -> bytes.getInt(at) & 0xffffffffL;
      case I16 -> bytes.getShort(at);
      case U16 -> bytes.getShort(at) & 0xffff;
      case I8 -> bytes.get(at);
      case U8 -> bytes.get(at) & 0xff;
      case BOOL -> bytes.get(at) == 0 ? 0 : 1;
      default -> throw new IllegalArgumentException(dtype + " is not an integer type");
    };
  }

  /**
   * Stores an integer.
   *
   * @throws IllegalArgumentException if the type cannot hold it
   */
  static void putExactLong(DType dtype, ByteBuffer bytes, int at, long value) {
    switch (dtype.bytes()) {
      case 8 -> bytes.putLong(at, value);
      case 4 -> bytes.putInt(at, (int) value);
      case 2 -> bytes.putShort(at, (short) value);
      default -> bytes.put(at, (byte) value);
    }
    boolean held = dtype == DType.U64 ? value >= 0 : getLong(dtype, bytes, at) == value;
    if (!held) {
      throw new IllegalArgumentException(dtype + " cannot hold " + value);
    }
  }

  /** Whether {@link #convert} is defined for the pair. */
  static boolean isDefined(DType from, DType to) {
    return from.isFloating() ? to.isFloating() : to == DType.I64;
  }

  /** Converts {@code count} elements, from and to the start of the little-endian buffers. */
  static void convert(DType from, ByteBuffer source, DType to, ByteBuffer target, int count) {
    if (from == DType.BF16 && to == DType.F32) {
      for (int i = 0; i < count; i++) {
        target.putInt(4 * i, source.getShort(2 * i) << 16);
      }
    } else if (from.isFloating()) {
      for (int i = 0; i < count; i++) {
        putDouble(to, target, i * to.bytes(), getDouble(from, source, i * from.bytes()));
      }
    } else {
      for (int i = 0; i < count; i++) {
        target.putLong(8 * i, getLong(from, source, i * from.bytes()));
      }
    }
  }
}
