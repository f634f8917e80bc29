package org.canbridge.runtime.training.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class EpochOrderTest {

  @Test
  void isAPermutationOfAnySize() {
    for (int size : new int[] {0, 1, 2, 7, 1000, 1_281_167}) {
      int[] sorted = EpochOrder.of(1, 2, size);
      Arrays.sort(sorted);
      assertArrayEquals(IntStream.range(0, size).toArray(), sorted);
    }
  }

  @Test
  void dependsOnSeedAndEpochAlone() {
    int[] order = EpochOrder.of(1, 2, 50);
    assertArrayEquals(order, EpochOrder.of(1, 2, 50));
    assertFalse(Arrays.equals(order, EpochOrder.of(1, 3, 50)));
    assertFalse(Arrays.equals(order, EpochOrder.of(2, 2, 50)));
  }

  @Test
  void theFirstNumbersStayAsTheyAre() {
    // Whoever changes these breaks the resuming of every run that was stopped before.
    assertArrayEquals(new int[] {9, 6, 4, 2, 8, 3, 5, 0, 7, 1}, EpochOrder.of(0, 0, 10));
    assertArrayEquals(new int[] {0, 1, 8, 7, 9, 3, 5, 2, 4, 6}, EpochOrder.of(-7, 3, 10));
  }

  @Test
  void everyOrderIsAsLikely() {
    Map<String, Integer> counts = new HashMap<>();
    int draws = 24_000;
    for (int epoch = 0; epoch < draws; epoch++) {
      counts.merge(Arrays.toString(EpochOrder.of(9, epoch, 4)), 1, Integer::sum);
    }
    assertEquals(24, counts.size());
    double chiSquare = 0;
    for (int count : counts.values()) {
      chiSquare += (count - 1000.0) * (count - 1000.0) / 1000;
    }
    // 23 degrees of freedom: the mean is 23, five standard deviations above it 57.
    assertTrue(chiSquare < 57, "chi square " + chiSquare);
  }

  @Test
  void halfOfTheExamplesAreFlipped() {
    int flips = 0;
    int repeated = 0;
    for (int i = 0; i < 10_000; i++) {
      boolean first = new ExampleRandom(4, 0, i).flip();
      flips += first ? 1 : 0;
      repeated += first == new ExampleRandom(4, 1, i).flip() ? 1 : 0;
    }
    // Five standard deviations.
    assertEquals(5000, flips, 250);
    assertEquals(5000, repeated, 250);
  }
}
