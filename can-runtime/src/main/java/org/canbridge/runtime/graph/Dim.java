package org.canbridge.runtime.graph;

/**
 * The size of one axis: a number, or a multiple of the batch size, which stays symbolic.
 *
 * @param size the size; of one sample where {@code batch} is set
 * @param batch whether the real size is {@code size} times the batch size
 */
public record Dim(long size, boolean batch) {

  /** The batch axis itself. */
  public static final Dim BATCH = new Dim(1, true);

  /** Refuses negative sizes. */
  public Dim {
    if (size < 0) {
      throw new IllegalArgumentException("negative size " + size);
    }
  }

  /** A fixed size. */
  public static Dim of(long size) {
    return new Dim(size, false);
  }

  @Override
  public String toString() {
    if (!batch) {
      return Long.toString(size);
    }
    return size == 1 ? "B" : size + "B";
  }
}
