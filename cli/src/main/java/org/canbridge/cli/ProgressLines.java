package org.canbridge.cli;

import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Progress for log files: a line at every tenth of the job (but not two within a second), and after
 * five seconds without one. The last line is always written.
 */
final class ProgressLines implements Progress {
  private static final long OFTEN = TimeUnit.SECONDS.toNanos(1);
  private static final long SELDOM = TimeUnit.SECONDS.toNanos(5);

  private final PrintStream err;
  private final LongSupplier nanoTime;
  private final String task;
  private final String unit;
  private final long total;
  private final long started;
  private long lastAt;
  private long lastTenth;
  private long lastDone;
  private String note = "";

  /**
   * Begins a job.
   *
   * @param total units in the whole job, at least 1
   * @param unit what is counted, in the plural
   * @param nanoTime a clock like {@link System#nanoTime}
   */
  ProgressLines(PrintStream err, String task, long total, String unit, LongSupplier nanoTime) {
    this.err = err;
    this.task = task;
    this.total = total;
    this.unit = unit;
    this.nanoTime = nanoTime;
    this.started = nanoTime.getAsLong();
    this.lastAt = started;
  }

  @Override
  public synchronized void advanceTo(long done) {
    long now = nanoTime.getAsLong();
    long tenth = done * 10 / total;
    long waited = now - lastAt;
    if (done > lastDone
        && (done >= total || waited >= SELDOM || (tenth > lastTenth && waited >= OFTEN))) {
      double seconds = (now - started) / 1e9;
      lastAt = now;
      lastTenth = tenth;
      lastDone = done;
      err.printf(
          Locale.ROOT,
          "%s: %d of %d %s (%d %%), %.0f s, %.3g %s/s, %.0f s left%s%n",
          task,
          done,
          total,
          unit,
          done * 100 / total,
          seconds,
          done / Math.max(seconds, 1e-9),
          unit,
          seconds / done * (total - done),
          note.isEmpty() ? "" : "; " + note);
    }
  }

  @Override
  public synchronized void note(String text) {
    note = text;
  }

  @Override
  public void close() {}
}
