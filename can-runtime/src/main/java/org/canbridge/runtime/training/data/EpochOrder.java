package org.canbridge.runtime.training.data;

import org.canbridge.runtime.diffusion.RandomStream;

/** The order of an epoch: a permutation that the seed and the epoch's number decide, alone. */
final class EpochOrder {
  private static final long ORDER = 0x6f72646572L;

  private EpochOrder() {}

  /** The indices {@code 0..size - 1}, shuffled (Fisher and Yates): every order is as likely. */
  static int[] of(long seed, long epoch, int size) {
    RandomStream random = RandomStream.of(seed, ORDER, epoch);
    int[] order = new int[size];
    for (int i = 0; i < size; i++) {
      int j = random.below(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
