package org.canbridge.runtime.training.data;

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
