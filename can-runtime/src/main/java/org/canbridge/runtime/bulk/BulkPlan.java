package org.canbridge.runtime.bulk;

import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.LongStream;

/**
 * How a large number of images is cut into batches and shared among jobs. The batches are the same
 * whatever is drawn already and whoever draws them, because a network's rounding may depend on the
 * rows that are computed together.
 *
 * @param count number of images of the whole run
 * @param batch images drawn together
 * @param shard which of the jobs this is, from 0
 * @param shards number of jobs
 */
public record BulkPlan(long count, int batch, int shard, int shards) {
  /** Images in one folder: more make listings slow. */
  private static final long FOLDER = 1000;

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public BulkPlan {
    if (count < 1 || batch < 1 || shards < 1 || shard < 0 || shard >= shards) {
      throw new IllegalArgumentException(
          "no run of "
              + count
              + " images in batches of "
              + batch
              + " with part "
              + shard
              + " of "
              + shards);
    }
  }

  /** The first images of this job's batches: every {@code shards}-th batch. */
  LongStream batches() {
    long stride = Math.multiplyExact((long) batch, shards);
    return LongStream.iterate(
        (long) shard * batch, first -> first < count, first -> first + stride);
  }

  /** The name under which this job's part is locked while it is drawn. */
  String part() {
    return String.format(Locale.ROOT, "samples-%d-of-%d", shard + 1, shards);
  }

  /** Number of images of the batch that begins with image {@code first}. */
  int size(long first) {
    return (int) Math.min(batch, count - first);
  }

  /** The file of an image below the run's folder, e.g. {@code 00012/00012345.png}. */
  static Path file(long image, String extension) {
    return Path.of(
        String.format(Locale.ROOT, "%05d", image / FOLDER),
        String.format(Locale.ROOT, "%08d", image) + extension);
  }
}
