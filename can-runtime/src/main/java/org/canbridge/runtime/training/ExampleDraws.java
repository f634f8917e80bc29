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

  /**
   * What is chosen for one example.
   *
   * @param level uniform in [0, 1), chooses the noise level
   * @param drop uniform in [0, 1); the condition is dropped if it is below the share of those
   */
  record Choice(double level, double drop) {}

  Choice choice(long example) {
    SplittableRandom random = new SplittableRandom((seed ^ CHOICES) + example * GOLDEN);
    return new Choice(random.nextDouble(), random.nextDouble());
  }

  /** Standard normal numbers {@code (count, C, H, W)} for the examples from {@code first} on. */
  double[] noise(long first, int count, ImageShape shape) {
    return SeededNoise.ofRange(seed, first, count).next(shape).values();
  }
}
