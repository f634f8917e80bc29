package org.canbridge.runtime.bulk;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PrimitiveIterator;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.record.RunRecord;
import org.canbridge.tensors.files.AtomicDirectory;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.NameLock;

/**
 * Draws any number of images into numbered files. A run that was stopped, by whatever means, goes
 * on where it stopped when it is started again, and ends with the files that an uninterrupted run
 * would have written, byte for byte: a file is there complete or not at all, and a batch of which
 * one is missing is drawn again as a whole.
 *
 * <p>{@code samples.json} in the folder says what the images are; a run with other settings refuses
 * the folder. Several jobs may fill one folder, each its own part ({@link BulkPlan}).
 */
public final class BulkRun {
  /** Name of the file that says what the images are. */
  public static final String RECORD = "samples.json";

  /** The record, and locks and temporary files of jobs that begin together. */
  private static final Pattern OWN =
      Pattern.compile(
          "samples\\.json|\\.samples\\.json\\.[0-9a-f]+\\.tmp|\\.samples-[0-9]+-of-[0-9]+\\.lock");

  private final Path folder;
  private final RunRecord record;
  private final BulkPlan plan;
  private final ImageFile files;

  /** Draws the images {@code first..first + count - 1} of the run, {@code (count, C, H, W)}. */
  @FunctionalInterface
  public interface Drawer {
    /** One batch. */
    Latents draw(long first, int count);
  }

  private BulkRun(Path folder, RunRecord record, BulkPlan plan, ImageFile files) {
    this.folder = folder;
    this.record = record;
    this.plan = plan;
    this.files = files;
  }

  /**
   * Begins a run or takes up one that was stopped.
   *
   * @param folder where the images go; {@link #run} makes it if it is missing
   * @param plan which images
   * @param settings all that decides what is drawn, by name
   * @param files how an image becomes a file
   * @throws InputFileException if the folder holds images of other settings, or other files
   * @throws IOException if the folder cannot be read
   */
  public static BulkRun open(
      Path folder, BulkPlan plan, Map<String, String> settings, ImageFile files)
      throws IOException {
    Map<String, Long> sizes = new LinkedHashMap<>();
    sizes.put("count", plan.count());
    sizes.put("batch", (long) plan.batch());
    RunRecord wanted = RunRecord.of("canbridge-samples/1", sizes, settings);
    BulkRun run = new BulkRun(folder, wanted, plan, files);
    if (Files.exists(folder)) {
      run.check();
    }
    return run;
  }

  private void check() throws IOException {
    Path file = folder.resolve(RECORD);
    if (Files.exists(file)) {
      compare(file, record);
    } else {
      checkEmpty(folder);
    }
  }

  private static void compare(Path record, RunRecord wanted) throws IOException {
    List<String> differences = wanted.differences(record);
    if (!differences.isEmpty()) {
      throw InputFileException.of(BulkProblem.SAMPLES_OF_OTHER_SETTINGS, record)
          .what("the folder holds images of another run")
          .expected("the options that the images were drawn with")
          .actual(String.join("; ", differences))
          .next("give the options of that run to go on with it, or another folder")
          .build();
    }
  }

  /** Jobs that begin together may both be about to write the record. */
  private static void checkEmpty(Path folder) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (!OWN.matcher(name).matches()) {
          throw InputFileException.of(BulkProblem.SAMPLES_OF_OTHER_SETTINGS, folder)
              .what("the folder is neither empty nor a run that was stopped")
              .expected("an empty folder, or one with " + RECORD)
              .actual("it holds " + name)
              .next("give another folder")
              .build();
        }
      }
    }
  }

  /**
   * Number of this job's images that are still to be drawn, those of incomplete batches included.
   */
  public long remaining() {
    return plan.batches().filter(this::isIncomplete).map(plan::size).sum();
  }

  private boolean isIncomplete(long first) {
    for (long image = first; image < first + plan.size(first); image++) {
      if (!Files.exists(path(image))) {
        return true;
      }
    }
    return false;
  }

  private Path path(long image) {
    return folder.resolve(BulkPlan.file(image, files.extension()));
  }

  /**
   * Draws what is missing. Memory does not grow with the number of images.
   *
   * @param drawer draws a batch
   * @param done told after each batch how many images this call has drawn
   * @param cancelled asked before each batch
   * @throws CancellationException if {@code cancelled} said so; the run can be taken up again
   * @throws IOException if a file cannot be written, or another process draws the same images
   */
  public void run(Drawer drawer, LongConsumer done, BooleanSupplier cancelled) throws IOException {
    Deque<Path> made = new ArrayDeque<>();
    try {
      AtomicDirectory.makeFolders(folder.toAbsolutePath(), made);
      // Other parts of the same images may be drawn at the same time, this part only once.
      try (NameLock lock = NameLock.take(folder.resolve(plan.part()))) {
        check();
        boolean begins = !Files.exists(folder.resolve(RECORD));
        if (begins) {
          record.write(folder.resolve(RECORD));
        }
        try {
          draw(drawer, done, cancelled);
        } finally {
          if (begins && isBareBut(lock)) {
            Files.deleteIfExists(folder.resolve(RECORD));
          }
        }
      }
    } finally {
      AtomicDirectory.removeEmpty(made);
    }
  }

  /** Whether nobody has drawn anything, or is about to. */
  private boolean isBareBut(NameLock lock) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .map(Path::getFileName)
          .allMatch(
              name -> name.toString().equals(RECORD) || name.equals(lock.file().getFileName()));
    }
  }

  private void draw(Drawer drawer, LongConsumer done, BooleanSupplier cancelled)
      throws IOException {
    long drawn = 0;
    PrimitiveIterator.OfLong batches = plan.batches().iterator();
    while (batches.hasNext()) {
      long first = batches.nextLong();
      if (!isIncomplete(first)) {
        continue;
      }
      if (cancelled.getAsBoolean()) {
        throw new CancellationException("stopped before image " + first);
      }
      int size = plan.size(first);
      Latents images = drawer.draw(first, size);
      for (int row = 0; row < size; row++) {
        write(images.rows(row, row + 1), first + row);
      }
      drawn += size;
      done.accept(drawn);
    }
  }

  private void write(Latents image, long index) throws IOException {
    Path file = path(index);
    if (Files.exists(file)) {
      return;
    }
    Files.createDirectories(file.getParent());
    files.write(image, index, file);
  }
}
