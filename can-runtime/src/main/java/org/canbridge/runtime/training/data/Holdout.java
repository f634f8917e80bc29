package org.canbridge.runtime.training.data;

import java.io.IOException;
import java.util.BitSet;
import java.util.stream.IntStream;

/**
 * A set in two parts: the examples that are trained on and those that are held out, which lie at
 * equal distances, so that a set sorted by class loses as many of each. Both are views of the set,
 * which closing them leaves open.
 *
 * @param training the larger part, in the set's order
 * @param heldOut the smaller part, in the set's order
 */
public record Holdout(TrainingSet training, TrainingSet heldOut) {

  /**
   * Parts a set.
   *
   * @param count how many examples are held out, at least one and not all
   */
  public static Holdout of(TrainingSet set, int count) {
    if (count < 1 || count >= set.size()) {
      throw new IllegalArgumentException(count + " of " + set.size() + " examples held out");
    }
    int size = Math.toIntExact(set.size());
    BitSet held = new BitSet(size);
    for (long k = 0; k < count; k++) {
      // The middle one of each of so many equal parts.
      held.set((int) ((2 * k + 1) * size / (2L * count)));
    }
    return new Holdout(
        part(set, IntStream.range(0, size).filter(i -> !held.get(i)).toArray()),
        part(set, held.stream().toArray()));
  }

  private static TrainingSet part(TrainingSet set, int[] indices) {
    return new SetView(set) {
      @Override
      public long size() {
        return indices.length;
      }

      @Override
      public Example read(long index, ExampleRandom random) throws IOException {
        return set.read(indices[(int) index], random);
      }

      @Override
      public void close() {
        // The other part may go on reading.
      }
    };
  }
}
