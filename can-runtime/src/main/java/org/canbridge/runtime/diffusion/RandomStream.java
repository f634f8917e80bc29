package org.canbridge.runtime.diffusion;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Random numbers that are a function of a seed and a path of numbers (which image, which epoch) and
 * of nothing else: every path has a stream of its own.
 *
 * <p>The generator is L64X128MixRandom (Steele and Vigna 2021; {@code java.util.random}). Its seed
 * is {@code mix(seed)}, and for every number k of the path in turn {@code mix(s + k *
 * 0x9E3779B97F4A7C15)}, mix being the finalizer of SplitMix64 (variant 13 of Stafford's). Two paths
 * that differ in their last number alone never share a generator's seed: the increment is odd and
 * the mix is a bijection.
 *
 * <p>Only the generator's 64 bits are taken from the JDK. How they become numbers in a range or
 * normal numbers is written here, as the JDK leaves its own algorithms open and has changed one
 * within Java 17: the same seed must give the same picture on every machine. Not for use by several
 * threads at once.
 */
public final class RandomStream {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;
  private static final RandomGeneratorFactory<RandomGenerator> FACTORY =
      RandomGeneratorFactory.of("L64X128MixRandom");

  private final RandomGenerator bits;
  private double spare = Double.NaN;

  private RandomStream(RandomGenerator bits) {
    this.bits = bits;
  }

  /** The stream of a path, at its beginning. */
  public static RandomStream of(long seed, long... path) {
    long state = mix(seed);
    for (long number : path) {
      state = mix(state + number * GOLDEN);
    }
    return new RandomStream(FACTORY.create(state));
  }

  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** True or false, each as likely. */
  public boolean coin() {
    return bits.nextLong() < 0;
  }

  /** One of {@code 0..bound - 1}, each exactly as likely. */
  public int below(int bound) {
    if (bound < 1) {
      throw new IllegalArgumentException("a positive bound is needed, not " + bound);
    }
    while (true) {
      long value = bits.nextLong() >>> 1;
      long remainder = value % bound;
      // The last stretch of numbers is shorter than bound, and would favour the small remainders.
      if (value - remainder <= Long.MAX_VALUE - (bound - 1)) {
        return (int) remainder;
      }
    }
  }

  /** A standard normal number, by Marsaglia's polar method, which makes them in pairs. */
  public double normal() {
    if (!Double.isNaN(spare)) {
      double value = spare;
      spare = Double.NaN;
      return value;
    }
    while (true) {
      double u = symmetric();
      double v = symmetric();
      double square = u * u + v * v;
      if (square < 1 && square > 0) {
        double factor = Math.sqrt(-2 * StrictMath.log(square) / square);
        spare = v * factor;
        return u * factor;
      }
    }
  }

  /** Uniform in -1..1: a multiple of 2^-52. */
  private double symmetric() {
    return (bits.nextLong() >> 11) * 0x1.0p-52;
  }
}
