package org.canbridge.runtime.training;

import java.util.SplittableRandom;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.SeededNoise;

/**
 * The random numbers of a run's training examples: noise level, whether the condition is dropped,
 * noise. They are functions of the run's seed and the example's number alone, so a run that is
 * resumed goes on with the numbers that it would have had.
 *
 * @param seed of the run
 */
record ExampleDraws(long seed) {
  /** Keeps the two kinds of streams apart, which would otherwise start from one state. */
  private static final long CHOICES = 0x632BE59BD9B4E019L;

  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  /** Multiples of the golden ratio, modulo 1, cover the noise levels evenly. */
  private static final double RATIO = 0.6180339887498949;

  /** Examples that are held out have numbers below zero, which belong to no step. */
  static long heldOut(long place) {
    return Long.MIN_VALUE / 2 + place;
  }

  /**
   * What is chosen for one example.
   *
   * @param level uniform in [0, 1), chooses the noise level
   * @param drop uniform in [0, 1); the condition is dropped if it is below the share of those
   */
  record Choice(double level, double drop) {}

  Choice choice(long example) {
    SplittableRandom random = new SplittableRandom((seed ^ CHOICES) + example * GOLDEN);
    double level = random.nextDouble();
    double even = (example - heldOut(0)) * RATIO % 1;
    return new Choice(example < 0 ? even : level, random.nextDouble());
  }

  /** Standard normal numbers {@code (count, C, H, W)} for the examples from {@code first} on. */
  double[] noise(long first, int count, ImageShape shape) {
    return SeededNoise.ofRange(seed, first, count).next(shape).values();
  }
}
