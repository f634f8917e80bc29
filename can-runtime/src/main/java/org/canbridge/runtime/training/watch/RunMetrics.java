package org.canbridge.runtime.training.watch;

import java.io.Closeable;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.canbridge.tensors.files.AtomicFile;

/**
 * A run's numbers in the files where people look for them: {@code metrics.jsonl}, which is the
 * record ({@link MetricsFile}), and made from it {@code metrics.csv} and an event file for
 * TensorBoard, {@code events.out.tfevents.*}. A run that goes on cuts off the lines of work that
 * was lost and writes the other two anew from what stays, so that no file has a step twice.
 */
public final class RunMetrics implements AutoCloseable {
  private static final String EVENTS = "events.out.tfevents.";

  private final MetricsFile lines;
  private final Made table;
  private final Made events;

  /** A file made from the lines: what is in it of each step. */
  private static final class Made implements Closeable {
    private final Function<StepMetrics, byte[]> content;
    private final FileOutputStream out;

    /** Writes it anew, whole or not at all, and keeps it open. */
    Made(Path file, byte[] head, Path lines, Function<StepMetrics, byte[]> content)
        throws IOException {
      this.content = content;
      try (AtomicFile fresh = AtomicFile.create(file)) {
        fresh.write(ByteBuffer.wrap(head));
        for (StepMetrics metrics : MetricsFile.read(lines)) {
          fresh.write(ByteBuffer.wrap(content.apply(metrics)));
        }
        fresh.commit();
      }
      // Not a channel, which an interrupt (Ctrl-C) would close.
      this.out = new FileOutputStream(file.toFile(), true);
    }

    void append(StepMetrics metrics) throws IOException {
      out.write(content.apply(metrics));
    }

    @Override
    public void close() throws IOException {
      out.close();
    }
  }

  private RunMetrics(MetricsFile lines, Made table, Made events) {
    this.lines = lines;
    this.table = table;
    this.events = events;
  }

  /**
   * Opens the files of a run that starts or goes on.
   *
   * @param resumedStep the number of steps that the checkpoint has behind it; 0 for a new run
   * @param seconds that the run has taken before
   * @param terms names of the parts of the loss
   * @throws org.canbridge.tensors.files.InputFileException if a line that stays is malformed
   * @throws IOException if a file cannot be read or written
   */
  public static RunMetrics open(
      Path directory, long resumedStep, double seconds, List<String> terms) throws IOException {
    Path record = directory.resolve(MetricsFile.NAME);
    MetricsFile lines = MetricsFile.open(record, resumedStep);
    try {
      double now = System.currentTimeMillis() / 1e3;
      MetricsTable columns = new MetricsTable(terms);
      Made table =
          new Made(
              directory.resolve(MetricsTable.NAME),
              utf8(columns.header()),
              record,
              metrics -> utf8(columns.row(metrics)));
      List<Path> old = events(directory);
      // Pauses between the starts of a run are left out.
      double began = now - seconds;
      Made events =
          new Made(
              nextEvents(directory, (long) now, old),
              EventRecords.head(began),
              record,
              metrics -> EventRecords.of(metrics, began + metrics.seconds()));
      for (Path file : old) {
        Files.deleteIfExists(file);
      }
      return new RunMetrics(lines, table, events);
    } catch (IOException | RuntimeException e) {
      lines.close();
      throw e;
    }
  }

  private static List<Path> events(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(f -> f.getFileName().toString().startsWith(EVENTS)).sorted().toList();
    }
  }

  /** TensorBoard goes on with the next name in order when a file that it reads has ended. */
  private static Path nextEvents(Path directory, long seconds, List<Path> old) {
    long after = seconds;
    while (old.contains(directory.resolve(EVENTS + after + ".canbridge"))) {
      after++;
    }
    return directory.resolve(EVENTS + after + ".canbridge");
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Whether no step, nor what comes before the first, was written yet. */
  public boolean isEmpty() {
    return lines.isEmpty();
  }

  /**
   * Adds a step's numbers.
   *
   * @throws IllegalArgumentException if the step is not after the one before
   * @throws IOException if they cannot be written
   */
  public void append(StepMetrics metrics) throws IOException {
    lines.append(metrics);
    table.append(metrics);
    events.append(metrics);
  }

  @Override
  public void close() throws IOException {
    try (lines;
        table) {
      events.close();
    }
  }
}
