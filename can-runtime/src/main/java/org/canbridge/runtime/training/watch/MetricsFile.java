package org.canbridge.runtime.training.watch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.canbridge.tensors.files.AtomicFile;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;

/**
 * {@code metrics.jsonl}: what every step of a run was like, appended while it trains. A line is a
 * JSON object in UTF-8 with exactly these fields, always in this order, and ends with a line feed:
 *
 * <ul>
 *   <li>{@code step}: an integer, larger than that of the line before; 0 for what was measured
 *       before the first step, with {@code seconds} and {@code held_out} alone;
 *   <li>{@code loss}: a number;
 *   <li>{@code terms}: an object of numbers, sorted by name;
 *   <li>{@code learning_rate}, {@code gradient_norm}, {@code images_per_second}, {@code seconds}:
 *       numbers. See {@link StepMetrics};
 *   <li>{@code held_out}: a number, in the steps after which it was measured.
 * </ul>
 *
 * <p>JSON has no number that is not finite: these are the strings {@code NaN}, {@code Infinity} and
 * {@code -Infinity}. The rest is written so that it reads back as the same float64.
 *
 * <p>Each line is handed to the operating system whole before {@link #append} returns, so a killed
 * process loses none. A kill or a full disk can leave the beginning of a line at the end of the
 * file; what has no line feed counts as not written. A power cut can take the last lines with it.
 */
public final class MetricsFile implements AutoCloseable {
  /** The file's name in a run's directory. */
  public static final String NAME = "metrics.jsonl";

  /** Bytes read at a time; a line of ours has a few hundred. */
  private static final int PIECE = 1 << 16;

  /** Receives the lines in order until it has had enough. */
  private interface LineReader {
    /**
     * @param end the position behind the line feed
     * @return whether the next line is wanted
     */
    boolean read(StepMetrics metrics, long end);
  }

  /** Not a channel, which an interrupt (Ctrl-C) would close in the middle of a line. */
  private final RandomAccessFile file;

  private long end;
  private long lastStep;

  private MetricsFile(RandomAccessFile file, long end, long lastStep) {
    this.file = file;
    this.end = end;
    this.lastStep = lastStep;
  }

  /**
   * Opens the file of a run that starts or goes on; it is created if there is none. Lines of later
   * steps are of work that was lost, and are cut off, as is what a kill left of a line. The file is
   * replaced as a whole for that, so it is never seen with less than it had before or has after.
   *
   * @param resumedStep the number of steps that the checkpoint has behind it; 0 for a new run
   * @throws InputFileException if a line that stays is malformed
   * @throws IOException if the file cannot be read or written
   */
  public static MetricsFile open(Path path, long resumedStep) throws IOException {
    long[] kept = {0, -1};
    if (Files.exists(path)) {
      scan(
          path,
          (metrics, end) -> {
            if (metrics.step() > resumedStep) {
              return false;
            }
            kept[0] = end;
            kept[1] = metrics.step();
            return true;
          });
      if (kept[0] < Files.size(path)) {
        cut(path, kept[0]);
      }
    }
    RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
    try {
      file.seek(kept[0]);
    } catch (IOException e) {
      file.close();
      throw e;
    }
    return new MetricsFile(file, kept[0], kept[1]);
  }

  private static void cut(Path path, long length) throws IOException {
    try (FileChannel source = FileChannel.open(path, StandardOpenOption.READ);
        AtomicFile target = AtomicFile.create(path)) {
      long at = 0;
      while (at < length) {
        long copied = source.transferTo(at, length - at, target.channel());
        if (copied == 0) {
          throw new IOException(path + " became shorter while it was read");
        }
        at += copied;
      }
      target.commit();
    }
  }

  /**
   * Adds a line.
   *
   * @throws IllegalArgumentException if the step is not after that of the line before
   * @throws IOException if it cannot be written, e.g. because the disk is full; the file is then as
   *     it was
   */
  public void append(StepMetrics metrics) throws IOException {
    if (metrics.step() <= lastStep) {
      throw new IllegalArgumentException("step " + metrics.step() + " after step " + lastStep);
    }
    byte[] line = MetricsJson.line(metrics);
    try {
      file.write(line);
    } catch (IOException e) {
      takeBack(e);
      throw e;
    }
    end += line.length;
    lastStep = metrics.step();
  }

  /** Whether no step, nor what comes before the first, has a line yet. */
  boolean isEmpty() {
    return lastStep < 0;
  }

  /** Removes the beginning of a line, so that a later line does not continue it. */
  private void takeBack(IOException failure) {
    try {
      file.setLength(end);
      file.seek(end);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  /**
   * All lines of a file, which may be growing.
   *
   * @throws InputFileException if there is no such file, or a line is malformed
   * @throws IOException if the file cannot be read
   */
  public static List<StepMetrics> read(Path path) throws IOException {
    List<StepMetrics> all = new ArrayList<>();
    forEach(path, all::add);
    return all;
  }

  /** As {@link #read}, one line at a time: a long run has millions. */
  static void forEach(Path path, Consumer<StepMetrics> action) throws IOException {
    scan(
        path,
        (metrics, end) -> {
          action.accept(metrics);
          return true;
        });
  }

  private static void scan(Path path, LineReader reader) throws IOException {
    try (InputStream in = Files.newInputStream(path)) {
      byte[] piece = new byte[PIECE];
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      long number = 1;
      long position = 0;
      long before = -1;
      for (int size = in.read(piece); size > 0; size = in.read(piece)) {
        int start = 0;
        for (int i = 0; i < size; i++) {
          if (piece[i] != '\n') {
            continue;
          }
          line.write(piece, start, i - start);
          StepMetrics metrics = parse(path, number, line.toByteArray(), before);
          if (!reader.read(metrics, position + i + 1)) {
            return;
          }
          before = metrics.step();
          number++;
          line.reset();
          start = i + 1;
        }
        // What goes on without an end is no line: enough of it to say so.
        if (line.size() < PIECE) {
          line.write(piece, start, size - start);
        }
        position += size;
      }
    } catch (NoSuchFileException e) {
      throw InputFileException.of(FileProblem.MISSING, path)
          .what("there is no such file of metrics")
          .next("name the " + NAME + " of a training run")
          .cause(e)
          .build();
    }
  }

  private static StepMetrics parse(Path path, long number, byte[] line, long before) {
    StepMetrics metrics;
    try {
      metrics = MetricsJson.parse(line);
    } catch (IOException | IllegalArgumentException e) {
      throw malformed(path, number)
          .expected("a JSON object with step, loss and the other fields, as a run writes it")
          .actual(e.getMessage().lines().findFirst().orElse("nothing"))
          .cause(e)
          .build();
    }
    if (metrics.step() <= before) {
      throw malformed(path, number)
          .expected("a step after " + before)
          .actual("step " + metrics.step())
          .build();
    }
    return metrics;
  }

  private static InputFileException.Builder malformed(Path path, long line) {
    return InputFileException.of(MetricsProblem.MALFORMED, path)
        .what("line " + line + " is not the metrics of a step")
        .key("line " + line)
        .next("delete the line if you edited the file; else move the file away");
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
