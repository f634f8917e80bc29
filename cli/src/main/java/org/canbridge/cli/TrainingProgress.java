package org.canbridge.cli;

import java.util.List;
import java.util.Locale;
import org.canbridge.runtime.page.Page;
import org.canbridge.runtime.training.TrainingRun;
import org.canbridge.runtime.training.watch.StepMetrics;

/** Shows a run's steps as progress; those of earlier starts do not count. */
final class TrainingProgress implements TrainingRun.Watcher, AutoCloseable {
  private final Context context;
  private final long steps;
  private final List<Page.Link> links;
  private Progress progress;
  private long before;

  TrainingProgress(Context context, long steps, List<Page.Link> links) {
    this.context = context;
    this.steps = steps;
    this.links = links;
  }

  @Override
  public void started(long done) {
    before = done;
    if (done < steps) {
      progress = context.progress("training", steps - done, "steps");
    }
  }

  @Override
  public void stepped(StepMetrics metrics) {
    progress.note(
        String.format(
            Locale.ROOT, "loss %.4g, %.3g images/s", metrics.loss(), metrics.imagesPerSecond()));
    progress.advanceTo(metrics.step() - before);
  }

  @Override
  public boolean wantsStop() {
    return context.interrupted();
  }

  @Override
  public List<Page.Link> links() {
    return links;
  }

  @Override
  public void close() {
    if (progress != null) {
      progress.close();
    }
  }
}
