package org.canbridge.runtime.training.data;

import java.io.IOException;
import java.util.function.BooleanSupplier;
import java.util.function.LongFunction;
import java.util.stream.IntStream;

/** One batch, in the order of training. The arrays belong to whoever asked for it. */
public final class TrainingBatch {
  private final long firstPosition;
  private final float[] values;
  private final long[] labels;
  private final float[] text;

  /** Takes the arrays over. */
  public TrainingBatch(long firstPosition, float[] values, long[] labels, float[] text) {
    this.firstPosition = firstPosition;
    this.values = values;
    this.labels = labels;
    this.text = text;
  }

  /**
   * Reads some examples of a set.
   *
   * @param position how many were consumed before
   * @param random the random choices about an example, by its index
   * @param stopped whether nobody wants the rest any more
   */
  static TrainingBatch read(
      TrainingSet set,
      long position,
      int[] indices,
      LongFunction<ExampleRandom> random,
      BooleanSupplier stopped)
      throws IOException {
    int valueCount = set.shape().size();
    int textCount = set.text().map(TextShape::size).orElse(0);
    float[] values = new float[Math.multiplyExact(indices.length, valueCount)];
    float[] text = new float[Math.multiplyExact(indices.length, textCount)];
    long[] labels = new long[set.classes().isPresent() ? indices.length : 0];
    for (int row = 0; row < indices.length && !stopped.getAsBoolean(); row++) {
      Example example = set.read(indices[row], random.apply(indices[row]));
      System.arraycopy(example.values(), 0, values, row * valueCount, valueCount);
      System.arraycopy(example.text(), 0, text, row * textCount, textCount);
      if (labels.length > 0) {
        labels[row] = example.label();
      }
    }
    return new TrainingBatch(position, values, labels, text);
  }

  /**
   * Reads {@code count} examples of a set from index {@code first} on, the same every time.
   *
   * @throws org.canbridge.tensors.files.InputFileException if a file cannot be used
   * @throws IOException if one cannot be read
   */
  public static TrainingBatch inOrder(TrainingSet set, int first, int count) throws IOException {
    return read(
        set,
        first,
        IntStream.range(first, first + count).toArray(),
        index -> new ExampleRandom(0, 0, index),
        () -> false);
  }

  /** How many examples were consumed before it since training began. */
  public long firstPosition() {
    return firstPosition;
  }

  /** {@code (B, C, H, W)}. */
  public float[] values() {
    return values;
  }

  /** {@code (B)}; empty in a set without labels. */
  public long[] labels() {
    return labels;
  }

  /** {@code (B, L, D)}; empty in a set without text. */
  public float[] text() {
    return text;
  }
}
