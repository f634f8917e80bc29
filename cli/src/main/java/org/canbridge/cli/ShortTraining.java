package org.canbridge.cli;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.AdamW;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.page.Page;
import org.canbridge.runtime.training.Ema;
import org.canbridge.runtime.training.HeldOut;
import org.canbridge.runtime.training.LearningRate;
import org.canbridge.runtime.training.Trainer;
import org.canbridge.runtime.training.TrainingRun;
import org.canbridge.runtime.training.TrainingSettings;
import org.canbridge.runtime.training.data.BatchLoader;
import org.canbridge.runtime.training.data.Holdout;
import org.canbridge.runtime.training.data.LoaderOptions;
import org.canbridge.runtime.training.data.TrainingSet;
import org.canbridge.runtime.training.data.TrainingSetOptions;
import org.canbridge.runtime.training.data.TrainingSets;
import org.canbridge.runtime.training.watch.MetricsFile;
import org.canbridge.tensors.files.AtomicDirectory;

/**
 * The quickstart's training. The checkpoint has converged on its own images, where some steps of
 * any training change the loss by less than they disturb it; so it is trained for what fine-tuning
 * is for, other images: the same clothes on grey ground, which it has never seen.
 *
 * @param model the trained model's directory
 * @param before loss on such images that are not trained on, before the first step
 * @param after the same after the last: the same images with the same noise
 */
record ShortTraining(Path model, double before, double after) {
  /** Some seconds on two cores. */
  static final int STEPS = 50;

  static final int HELD_OUT = 128;

  private static final int BATCH = 16;
  private static final int WARMUP = 4;
  private static final int MEASURED_EVERY = 25;

  /** Of the loss before. Measured: 0.78, with a standard error of 0.02. */
  private static final double MOST = 0.95;

  private static final long SEED = 1;
  private static final int IDX_HEADER = 16;

  private static TrainingSettings settings(Target target) {
    return new TrainingSettings(
        BATCH,
        1,
        new LearningRate(1e-4, WARMUP, STEPS),
        new AdamW(0.9, 0.999, 1e-8, 0, 1),
        new Ema(0.9, Ema.USUAL),
        0.1,
        target,
        SEED,
        List.of(Trainer.ALL));
  }

  /** Whether the training helped. */
  boolean isSound() {
    return after <= MOST * before;
  }

  /**
   * Makes the images' files: grey ground for black, names and format the same.
   *
   * @param source the bundled ones, compressed
   */
  static void brighten(Path source, Path folder) throws IOException {
    Files.createDirectories(folder);
    for (String part : List.of("train", "t10k")) {
      byte[] images = unpacked(source.resolve(part + "-images-idx3-ubyte.gz"));
      for (int i = IDX_HEADER; i < images.length; i++) {
        images[i] = (byte) (128 + (images[i] & 0xff) / 2);
      }
      Files.write(folder.resolve(part + "-images-idx3-ubyte"), images);
      Files.write(
          folder.resolve(part + "-labels-idx1-ubyte"),
          unpacked(source.resolve(part + "-labels-idx1-ubyte.gz")));
    }
  }

  private static byte[] unpacked(Path file) throws IOException {
    try (InputStream in =
        new GZIPInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
      return in.readAllBytes();
    }
  }

  /** Trains; a run that is there from an earlier quickstart is replaced. */
  static ShortTraining run(
      Path source, Path data, Path directory, List<Page.Link> links, Target target, Context context)
      throws IOException {
    AtomicDirectory.delete(directory);
    TrainingSettings settings = settings(target);
    try (Model model = Model.open(source, ImportOptions.defaults());
        Trainer trainer = Trainer.open(model, settings)) {
      TrainingSetOptions options = TrainingSetOptions.of(trainer.shape());
      Map<String, String> record = settings.describe();
      record.put("model", source.getFileName().toString());
      record.put("data", data.getFileName().toString());
      try (TrainingSet set = TrainingSets.open(data, options);
          TrainingSet others =
              TrainingSets.open(data, options.withSplit(TrainingSetOptions.Split.TEST));
          BatchLoader loader = new BatchLoader(set, BATCH, SEED, 0, LoaderOptions.defaults());
          TrainingProgress progress = new TrainingProgress(context, STEPS, links)) {
        TrainingRun.Plan plan = new TrainingRun.Plan(STEPS, STEPS, 1, 0);
        HeldOut heldOut = new HeldOut(Holdout.of(others, HELD_OUT).heldOut(), MEASURED_EVERY);
        TrainingRun.begin(
                directory,
                new TrainingRun.Setup(
                    plan, model, trainer, record, Optional.empty(), Optional.of(heldOut), progress))
            .run(loader);
      }
    }
    double[] losses =
        MetricsFile.read(directory.resolve(MetricsFile.NAME)).stream()
            .flatMapToDouble(step -> step.heldOut().stream())
            .toArray();
    ShortTraining done =
        new ShortTraining(
            directory.resolve(TrainingRun.MODEL), losses[0], losses[losses.length - 1]);
    context
        .err()
        .printf(
            Locale.ROOT,
            "finetune: %d steps of %d images on grey ground, loss on %d others %.4f -> %.4f -> %s%n",
            STEPS,
            BATCH,
            HELD_OUT,
            done.before(),
            done.after(),
            directory);
    return done;
  }
}
