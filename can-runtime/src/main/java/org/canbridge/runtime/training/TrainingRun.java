package org.canbridge.runtime.training;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.page.Page;
import org.canbridge.runtime.record.RunRecord;
import org.canbridge.runtime.training.data.BatchLoader;
import org.canbridge.runtime.training.data.TrainingBatch;
import org.canbridge.runtime.training.watch.RunMetrics;
import org.canbridge.runtime.training.watch.StepMetrics;
import org.canbridge.runtime.training.watch.TrainingPage;
import org.canbridge.runtime.training.watch.TrainingSummary;
import org.canbridge.tensors.files.AtomicDirectory;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.NameLock;

/**
 * A training from its first step to its last, in a directory of its own:
 *
 * <ul>
 *   <li>{@code run.json}: the settings; a run is resumed with the same ones only;
 *   <li>{@code checkpoints/step-<8 digits>}: {@link TrainingCheckpoint}, the newest few;
 *   <li>{@code metrics.jsonl}, {@code metrics.csv}, {@code events.out.tfevents.*}, {@code
 *       samples/step-<8 digits>.png}, {@code index.html}: for those who watch;
 *   <li>{@code model}: when the last step is done, the model with the averaged weights.
 * </ul>
 *
 * A run that was stopped, by whatever means, goes on from its last checkpoint and ends with the
 * weights of an undisturbed one, bit for bit.
 */
public final class TrainingRun {
  /** The finished model's directory within the run's. */
  public static final String MODEL = "model";

  /** The settings' file within the run's directory, the first that is there. */
  public static final String RECORD = "run.json";

  private static final String CHECKPOINTS = "checkpoints";
  private static final String SAMPLES = "samples";
  private static final String FORMAT = "canbridge-training-run/1";

  private final Path directory;
  private final Setup setup;
  private final boolean begins;
  private final Plan plan;
  private final Trainer trainer;
  private final Divergence divergence = new Divergence();
  private Optional<TrainingCheckpoint> last;
  private long startedAt;
  private double secondsBefore;

  /**
   * How long a run is and what it leaves behind.
   *
   * @param steps of the whole run
   * @param checkpointEvery steps between two checkpoints; there is one at the end in any case
   * @param keep how many checkpoints stay
   * @param sampleEvery steps between two sample sheets; 0 for none
   */
  public record Plan(long steps, long checkpointEvery, int keep, long sampleEvery) {
    /** Checks the numbers. */
    public Plan {
      if (steps < 1 || checkpointEvery < 1 || keep < 1 || sampleEvery < 0) {
        throw new IllegalArgumentException(
            "no run of "
                + steps
                + " steps with a checkpoint every "
                + checkpointEvery
                + ", keeping "
                + keep);
      }
    }
  }

  /** Whoever looks on. */
  public interface Watcher {
    /** The next step follows {@code done} others. */
    void started(long done);

    /** A step was made. */
    void stepped(StepMetrics metrics);

    /** Whether the run should stop; asked before every step. */
    boolean wantsStop();

    /** Pages that the run's page shall lead to, from its place. */
    default List<Page.Link> links() {
      return List.of();
    }
  }

  /**
   * What a run consists of, the same whether it begins or goes on.
   *
   * @param model that is trained
   * @param trainer of this model
   * @param record all that decides the result, by name; see {@link TrainingSettings#describe}
   * @param sheet the sample sheets; empty where there are none
   * @param heldOut what the loss is measured on beside the training; empty where nothing is
   */
  public record Setup(
      Plan plan,
      Model model,
      Trainer trainer,
      Map<String, String> record,
      Optional<SampleSheet> sheet,
      Optional<HeldOut> heldOut,
      Watcher watcher) {}

  /**
   * How a run ended.
   *
   * @param state finished, interrupted or diverged
   * @param steps made, over all its starts
   * @param checkpoint the last good one; empty if the run diverged before its first
   * @param remark one sentence on an end that is no success
   */
  public record End(
      TrainingSummary.State state,
      long steps,
      Optional<TrainingCheckpoint> checkpoint,
      String remark) {}

  private TrainingRun(
      Path directory, Setup setup, boolean begins, Optional<TrainingCheckpoint> last) {
    this.directory = directory;
    this.setup = setup;
    this.begins = begins;
    this.plan = setup.plan();
    this.trainer = setup.trainer();
    this.last = last;
  }

  /**
   * Begins a run in a directory that must not exist; {@link #run} makes it.
   *
   * @throws FileAlreadyExistsException if the directory exists
   */
  public static TrainingRun begin(Path directory, Setup setup) throws IOException {
    Path absolute = directory.toAbsolutePath();
    if (Files.exists(absolute, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(absolute.toString());
    }
    return new TrainingRun(absolute, setup, true, Optional.empty());
  }

  /** Whether a run was begun in this directory. */
  public static boolean isAt(Path directory) {
    return Files.isRegularFile(directory.resolve(RECORD));
  }

  /**
   * Takes up a run from its last checkpoint, or from the beginning if it had none.
   *
   * @throws InputFileException if the directory holds no run, one with other settings, or a damaged
   *     checkpoint
   */
  public static TrainingRun resume(Path directory, Setup setup) throws IOException {
    Path absolute = directory.toAbsolutePath();
    compare(absolute.resolve(RECORD), record(setup));
    Optional<TrainingCheckpoint> last = TrainingCheckpoint.latest(absolute.resolve(CHECKPOINTS));
    last.ifPresent(checkpoint -> checkpoint.restore(setup.trainer()));
    return new TrainingRun(absolute, setup, false, last);
  }

  private static RunRecord record(Setup setup) {
    return RunRecord.of(FORMAT, Map.of(), setup.record());
  }

  private static void compare(Path file, RunRecord wanted) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw InputFileException.of(TrainingProblem.STATE, file)
          .what("there is no training run to go on with")
          .expected("the directory of a run, with its " + RECORD)
          .actual("no such file")
          .next("leave --resume out to begin a run in a new directory")
          .build();
    }
    List<String> differences = wanted.differences(file);
    if (!differences.isEmpty()) {
      throw InputFileException.of(TrainingProblem.STATE, file)
          .what("the run was begun with other settings")
          .expected("the options and the data that the run was begun with")
          .actual(String.join("; ", differences))
          .next("give the same ones to go on, or begin a new run in another directory")
          .build();
    }
  }

  /**
   * Trains until the last step, until {@link Watcher#wantsStop}, or until the run diverges. An
   * interrupt of the thread counts as a wish to stop.
   *
   * @param loader the examples, from the step on at which the trainer stands
   * @throws IOException if an example cannot be read, a file not be written, or another process has
   *     the run; checkpoints that were there stay, and of a run without one nothing is left
   */
  public End run(BatchLoader loader) throws IOException {
    Deque<Path> made = new ArrayDeque<>();
    boolean nothingDone = false;
    try {
      if (begins) {
        makeDirectory(made);
        nothingDone = true;
      }
      NameLock lock = NameLock.take(directory.resolve(RECORD));
      try {
        if (begins) {
          record(setup)
              .under(Map.of("kernels", trainer.kernels()))
              .write(directory.resolve(RECORD));
        } else {
          checkWhereItStands();
        }
        End end = train(loader);
        nothingDone = false;
        return end;
      } finally {
        lock.close();
        nothingDone &= last.isEmpty();
      }
    } finally {
      if (nothingDone) {
        AtomicDirectory.delete(directory);
        AtomicDirectory.removeEmpty(made);
      }
    }
  }

  private void makeDirectory(Deque<Path> made) throws IOException {
    try {
      AtomicDirectory.makeFolders(directory.getParent(), made);
      Files.createDirectory(directory);
    } catch (IOException e) {
      AtomicDirectory.removeEmpty(made);
      throw e;
    }
  }

  /** Between the reading of its state and now, another process may have gone on with the run. */
  private void checkWhereItStands() throws IOException {
    Optional<TrainingCheckpoint> now = TrainingCheckpoint.latest(directory.resolve(CHECKPOINTS));
    if (!now.equals(last)) {
      throw new FileSystemException(
          directory.toString(), null, "another process has gone on with the run meanwhile");
    }
  }

  private End train(BatchLoader loader) throws IOException {
    startedAt = System.nanoTime();
    secondsBefore = last.map(TrainingCheckpoint::seconds).orElse(0.);
    try (RunMetrics metrics =
        RunMetrics.open(directory, trainer.steps(), secondsBefore, trainer.terms())) {
      // A kill may have come between a checkpoint and the sheet of the same step.
      if (wantsSheet(trainer.steps()) && !Files.exists(sheet())) {
        drawSheet();
      }
      page(TrainingSummary.State.RUNNING, "");
      if (setup.heldOut().isPresent() && trainer.steps() == 0 && metrics.isEmpty()) {
        OptionalDouble loss = setup.heldOut().get().loss(trainer, setup.watcher()::wantsStop);
        if (loss.isEmpty()) {
          return interrupted();
        }
        metrics.append(StepMetrics.start(loss.getAsDouble(), seconds()));
      }
      setup.watcher().started(trainer.steps());
      while (trainer.steps() < plan.steps()) {
        long began = System.nanoTime();
        Optional<TrainingBatch> examples = next(loader);
        if (examples.isEmpty()) {
          return interrupted();
        }
        Trainer.StepResult result = trainer.step(examples.get());
        double took = (System.nanoTime() - began) / 1e9;
        OptionalDouble heldOut = heldOut(result);
        StepMetrics step =
            new StepMetrics(
                result.step(),
                result.loss(),
                result.terms(),
                result.learningRate(),
                result.gradientNorm(),
                trainer.examplesPerStep() / took,
                seconds(),
                heldOut);
        metrics.append(step);
        setup.watcher().stepped(step);
        if (!result.moved() || divergence.after(result.loss())) {
          return diverged(result);
        }
        leaveBehind();
      }
    }
    return finished();
  }

  private OptionalDouble heldOut(Trainer.StepResult result) throws IOException {
    boolean due =
        setup.heldOut().isPresent()
            && result.moved()
            && (result.step() % setup.heldOut().get().every() == 0
                || result.step() == plan.steps());
    return due ? setup.heldOut().get().loss(trainer, () -> false) : OptionalDouble.empty();
  }

  private Optional<TrainingBatch> next(BatchLoader loader) throws IOException {
    if (setup.watcher().wantsStop()) {
      return Optional.empty();
    }
    try {
      return Optional.of(loader.next());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  private void leaveBehind() throws IOException {
    long step = trainer.steps();
    boolean end = step == plan.steps();
    boolean samples = wantsSheet(step);
    boolean checkpoint = step % plan.checkpointEvery() == 0 || end;
    if (checkpoint) {
      save();
    }
    if (samples) {
      drawSheet();
    }
    if (checkpoint || samples) {
      page(TrainingSummary.State.RUNNING, "");
    }
  }

  private void save() throws IOException {
    // An interrupt would close the channels that are written to.
    boolean interrupt = Thread.interrupted();
    try {
      Path folder = directory.resolve(CHECKPOINTS);
      last =
          Optional.of(
              TrainingCheckpoint.write(
                  folder, setup.model().checkpoint(), trainer, change(), seconds()));
      TrainingCheckpoint.keepNewest(folder, plan.keep());
    } finally {
      if (interrupt) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** For the provenance of what was trained. */
  private String change() {
    return String.format(
        Locale.ROOT,
        "trained (%s): %d steps of %d examples of '%s'",
        setup.record().getOrDefault("train", ""),
        trainer.steps(),
        trainer.examplesPerStep(),
        setup.record().getOrDefault("data", ""));
  }

  private boolean wantsSheet(long step) {
    return plan.sampleEvery() > 0 && (step % plan.sampleEvery() == 0 || step == plan.steps());
  }

  private Path sheet() {
    String name = String.format(Locale.ROOT, "step-%08d.png", trainer.steps());
    return directory.resolve(SAMPLES).resolve(name);
  }

  private void drawSheet() throws IOException {
    if (setup.sheet().isEmpty()) {
      return;
    }
    Path file = sheet();
    Files.createDirectories(file.getParent());
    try (Session network = trainer.averagedNetwork()) {
      setup.sheet().get().write(network, file, Map.of("step", Long.toString(trainer.steps())));
    }
  }

  private double seconds() {
    return secondsBefore + (System.nanoTime() - startedAt) / 1e9;
  }

  private void page(TrainingSummary.State state, String remark) throws IOException {
    Map<String, String> shown = new LinkedHashMap<>(setup.record());
    String name = shown.remove("model");
    TrainingPage.write(
        directory,
        new TrainingSummary(
            name == null ? setup.model().checkpoint().config().architecture() : name,
            state,
            remark,
            plan.steps(),
            trainer.trainedElements(),
            trainer.elements(),
            shown,
            setup.watcher().links()));
  }

  private End interrupted() throws IOException {
    boolean unsaved = last.map(TrainingCheckpoint::step).orElse(0L) < trainer.steps();
    if (unsaved) {
      save();
    }
    boolean interrupt = Thread.interrupted();
    page(TrainingSummary.State.INTERRUPTED, "Resume it with --resume.");
    if (interrupt) {
      Thread.currentThread().interrupt();
    }
    return new End(TrainingSummary.State.INTERRUPTED, trainer.steps(), last, "interrupted");
  }

  private End diverged(Trainer.StepResult result) throws IOException {
    String what =
        result.moved()
            ? "the loss has grown to a multiple of what it was"
            : "the loss or a gradient is not finite";
    String good =
        last.map(checkpoint -> "the last good checkpoint is " + checkpoint.path().getFileName())
            .orElse("there is no checkpoint before it");
    String remark = what + " at step " + result.step() + "; " + good;
    page(TrainingSummary.State.DIVERGED, remark);
    return new End(TrainingSummary.State.DIVERGED, trainer.steps(), last, remark);
  }

  private End finished() throws IOException {
    ModelDirectory.write(
        directory.resolve(MODEL),
        setup.model().checkpoint().trained(change() + "; moving average", trainer.averages()),
        WriteOptions.defaults().overwriting());
    page(TrainingSummary.State.FINISHED, "");
    return new End(TrainingSummary.State.FINISHED, trainer.steps(), last, "");
  }
}
