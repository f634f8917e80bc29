package org.canbridge.runtime.training.data;

/**
 * How far batches are read ahead. The numbers change no value of any batch.
 *
 * @param threads how many threads read
 * @param ahead most batches that are held, being read or ready
 */
public record LoaderOptions(int threads, int ahead) {
  private static final int MOST_THREADS = 8;

  /** Checks the numbers. */
  public LoaderOptions {
    if (threads < 1 || ahead < 1) {
      throw new IllegalArgumentException(threads + " threads, " + ahead + " batches ahead");
    }
  }

  /** A thread for every two cores, at most 8; two batches for each thread, at least 4. */
  public static LoaderOptions defaults() {
    int threads =
        Math.max(1, Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors() / 2));
    return new LoaderOptions(threads, Math.max(4, 2 * threads));
  }
}
