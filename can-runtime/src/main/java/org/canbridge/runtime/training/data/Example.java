package org.canbridge.runtime.training.data;

/** One example as the network sees it. The arrays belong to whoever asked for it. */
public final class Example {
  /** The label of an example without one. */
  public static final long NO_LABEL = -1;

  private static final float[] NO_TEXT = {};

  private final float[] values;
  private final long label;
  private final float[] text;

  /**
   * An example with text.
   *
   * @param values {@code (C, H, W)}, taken over
   * @param label its class, or {@link #NO_LABEL}
   * @param text {@code (L, D)}, taken over
   */
  public Example(float[] values, long label, float[] text) {
    this.values = values;
    this.label = label;
    this.text = text;
  }

  /** An example without text. */
  public Example(float[] values, long label) {
    this(values, label, NO_TEXT);
  }

  /** {@code (C, H, W)}. */
  public float[] values() {
    return values;
  }

  /** Its class, {@link #NO_LABEL} in a set without labels. */
  public long label() {
    return label;
  }

  /** {@code (L, D)}, empty in a set without text. */
  public float[] text() {
    return text;
  }
}
