package org.canbridge.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.AdamW;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.training.Ema;
import org.canbridge.runtime.training.LearningRate;
import org.canbridge.runtime.training.Trainer;
import org.canbridge.runtime.training.TrainingRun;
import org.canbridge.runtime.training.TrainingSettings;
import org.canbridge.runtime.training.data.BatchLoader;
import org.canbridge.runtime.training.data.LoaderOptions;
import org.canbridge.runtime.training.data.TrainingBatch;
import org.canbridge.runtime.training.data.TrainingSet;
import org.canbridge.runtime.training.data.TrainingSetOptions;
import org.canbridge.runtime.training.data.TrainingSets;
import org.canbridge.tensors.files.AtomicDirectory;

/**
 * The quickstart's training: few steps, and the loss on images held out before and after.
 *
 * @param model the trained model's directory
 * @param before loss before
 * @param after loss after, of the same images with the same noise
 */
record ShortTraining(Path model, double before, double after) {
  /** Some seconds on two cores. */
  static final int STEPS = 30;

  private static final int BATCH = 16;

  /** Of the loss before; a step's examples are few, and the optimizer begins cold. */
  private static final double MOST = 1.05;

  private static final int HELD_OUT = 256;
  private static final long SEED = 1;

  private static TrainingSettings settings(Target target) {
    return new TrainingSettings(
        BATCH,
        1,
        new LearningRate(2e-5, 10, STEPS),
        new AdamW(0.9, 0.999, 1e-8, 0, 1),
        new Ema(0.9, true),
        0.1,
        target,
        SEED,
        List.of(Trainer.ALL));
  }

  /**
   * Whether the training did no harm. The checkpoint has converged, so that a few steps cannot make
   * its loss much smaller; a mistake in the training makes it larger at once.
   */
  boolean isSound() {
    return after <= MOST * before;
  }

  /** Trains; a run that is there from an earlier quickstart is replaced. */
  static ShortTraining run(Path source, Path data, Path directory, Target target, Context context)
      throws IOException {
    AtomicDirectory.delete(directory);
    TrainingSettings settings = settings(target);
    try (Model model = Model.open(source, ImportOptions.defaults());
        Trainer trainer = Trainer.open(model, settings)) {
      TrainingSetOptions options = TrainingSetOptions.of(trainer.shape());
      TrainingBatch heldOut = heldOut(data, options.withSplit(TrainingSetOptions.Split.TEST));
      double before = Arrays.stream(trainer.heldOutLosses(heldOut, 0)).average().orElseThrow();
      Map<String, String> record = settings.describe();
      record.put("model", source.getFileName().toString());
      record.put("data", data.getFileName().toString());
      try (TrainingSet set = TrainingSets.open(data, options);
          BatchLoader loader = new BatchLoader(set, BATCH, SEED, 0, LoaderOptions.defaults());
          TrainingProgress progress = new TrainingProgress(context, STEPS)) {
        TrainingRun.Plan plan = new TrainingRun.Plan(STEPS, STEPS, 1, 0);
        TrainingRun.begin(
                directory,
                new TrainingRun.Setup(
                    plan, model, trainer, record, Optional.empty(), Optional.empty(), progress))
            .run(loader);
      }
      double after = Arrays.stream(trainer.heldOutLosses(heldOut, 0)).average().orElseThrow();
      context
          .err()
          .printf(
              Locale.ROOT,
              "finetune: %d steps of %d images, loss on %d others %.5f -> %.5f -> %s%n",
              STEPS,
              BATCH,
              HELD_OUT,
              before,
              after,
              directory);
      return new ShortTraining(directory.resolve(TrainingRun.MODEL), before, after);
    }
  }

  private static TrainingBatch heldOut(Path data, TrainingSetOptions options) throws IOException {
    try (TrainingSet set = TrainingSets.open(data, options);
        BatchLoader loader = new BatchLoader(set, HELD_OUT, SEED, 0, LoaderOptions.defaults())) {
      return loader.next();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException();
    }
  }
}
