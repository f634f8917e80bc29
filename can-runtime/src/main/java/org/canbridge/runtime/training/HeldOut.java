package org.canbridge.runtime.training;

import java.io.IOException;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.function.BooleanSupplier;
import org.canbridge.runtime.training.data.TrainingBatch;
import org.canbridge.runtime.training.data.TrainingSet;

/**
 * Examples that are not trained on, and the loss on them: of the averaged weights, which are what
 * is sampled and kept in the end, with the same noise, noise levels and dropped conditions every
 * time ({@link Trainer#heldOutLosses}).
 *
 * @param set all of it
 * @param every steps between two evaluations; there is one before the first step and one after the
 *     last in any case
 */
public record HeldOut(TrainingSet set, long every) {

  /** Checks the numbers. */
  public HeldOut {
    if (every < 1 || set.size() < 1 || set.size() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(set.size() + " examples held out every " + every);
    }
  }

  /**
   * The mean loss.
   *
   * @param stop asked now and then whether nobody waits for it any more; it is then empty
   * @throws IOException if an example cannot be read
   */
  OptionalDouble loss(Trainer trainer, BooleanSupplier stop) throws IOException {
    int size = (int) set.size();
    double sum = 0;
    for (int from = 0; from < size; from += trainer.examplesPerStep()) {
      if (stop.getAsBoolean()) {
        return OptionalDouble.empty();
      }
      int count = Math.min(trainer.examplesPerStep(), size - from);
      TrainingBatch examples = TrainingBatch.inOrder(set, from, count);
      sum += Arrays.stream(trainer.heldOutLosses(examples, from)).sum();
    }
    return OptionalDouble.of(sum / size);
  }
}
