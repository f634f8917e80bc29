package org.canbridge.cli;

import java.io.PrintStream;
import java.text.DecimalFormat;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Progress as a bar that is redrawn in place. */
final class ProgressTerminal implements Progress {
  private final ProgressBar bar;

  /**
   * Begins a job.
   *
   * @param columns width of the terminal; told, so that nothing has to ask the terminal
   */
  ProgressTerminal(PrintStream err, int columns, String task, long total, String unit) {
    bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(total)
            .setUnit(" " + unit, 1)
            .setStyle(ProgressBarStyle.ASCII)
            .showSpeed(new DecimalFormat("#0.0"))
            .setUpdateIntervalMillis(200)
            .setConsumer(new ConsoleProgressBarConsumer(err, columns - 1))
            .build();
  }

  @Override
  public void advanceTo(long done) {
    bar.stepTo(done);
  }

  @Override
  public void note(String text) {
    bar.setExtraMessage(" " + text);
  }

  @Override
  public void close() {
    bar.close();
  }
}
