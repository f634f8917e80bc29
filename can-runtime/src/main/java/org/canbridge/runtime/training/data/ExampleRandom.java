package org.canbridge.runtime.training.data;

import org.canbridge.runtime.diffusion.RandomStream;

/**
 * The random choices about one example in one epoch: functions of the three numbers and of nothing
 * else, so neither threads nor a resume change them, and each choice has a stream of its own, so
 * none of them depends on whether another is made.
 *
 * @param seed the run's seed
 * @param epoch how often the set was gone through before
 * @param index the example's number in the set
 */
public record ExampleRandom(long seed, long epoch, long index) {
  private static final long FLIP = 0x666c6970L;
  private static final long CHOICE = 0x63686f6963L;
  private static final long NOISE = 0x6e6f697365L;

  /** Whether to flip it, as likely as not. */
  public boolean flip() {
    return stream(FLIP).coin();
  }

  /** Which of several variants to take, {@code 0..count - 1}. */
  public int choice(int count) {
    return count == 1 ? 0 : stream(CHOICE).below(count);
  }

  /** The normal numbers it is sampled with, from the first on. */
  public RandomStream noise() {
    return stream(NOISE);
  }

  private RandomStream stream(long purpose) {
    return RandomStream.of(seed, purpose, epoch, index);
  }
}
