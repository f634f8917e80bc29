package org.canbridge.experiments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.TrainingRecipe;
import org.canbridge.runtime.graph.CostModel;
import org.canbridge.runtime.image.PngGrid;
import org.canbridge.runtime.training.Ema;
import org.canbridge.runtime.training.LearningRate;
import org.canbridge.runtime.training.Trainer;
import org.canbridge.runtime.training.TrainingSettings;
import org.canbridge.runtime.training.data.BatchLoader;
import org.canbridge.runtime.training.data.LoaderOptions;

/**
 * Makes one run: network, training, evaluation.
 *
 * @param networks where networks come from
 * @param sheets folder for pictures of what the networks draw
 */
record Worker(Scale scale, Data data, Networks networks, Evaluation evaluation, Path sheets) {
  private static final double EMA_DECAY = 0.9999;
  private static final int CURVE_POINTS = 40;

  /** All settings but those that the authors of DiT give. */
  private TrainingSettings settings(Job job, TrainingRecipe recipe) {
    return new TrainingSettings(
        scale.batch(),
        1,
        new LearningRate(job.start().learningRate(), scale.warmup(), scale.steps(job)),
        // As in the paper: one rate for all.
        1,
        recipe.optimizer(),
        new Ema(EMA_DECAY, true),
        recipe.drop(),
        Target.F32,
        job.seed(),
        List.of(Trainer.ALL));
  }

  /**
   * Makes a run.
   *
   * @throws IOException if a file cannot be read or written
   * @throws InterruptedException if the thread is interrupted
   */
  RunResult run(Job job) throws IOException, InterruptedException {
    long began = System.nanoTime();
    try (Model model = networks.open(job)) {
      if (!job.row().isTrained()) {
        try (Session network = model.session(Target.F32)) {
          return result(job, model, network, List.of(), began, began);
        }
      }
      TrainingSettings settings = settings(job, model.family().training());
      try (Trainer trainer = Trainer.open(model, settings)) {
        List<Double> losses = train(job, trainer, settings);
        long trained = System.nanoTime();
        try (Session network = trainer.averagedNetwork()) {
          return result(job, model, network, losses, began, trained);
        }
      }
    }
  }

  private List<Double> train(Job job, Trainer trainer, TrainingSettings settings)
      throws IOException, InterruptedException {
    List<Double> losses = new ArrayList<>();
    try (BatchLoader loader =
        new BatchLoader(
            data.train(), settings.examples(), job.seed(), 0, LoaderOptions.defaults())) {
      while (trainer.steps() < scale.steps(job)) {
        Trainer.StepResult step = trainer.step(loader.next());
        if (!step.moved()) {
          throw new IllegalStateException(job + ": not finite at step " + step.step());
        }
        losses.add(step.terms().get("mse"));
      }
    }
    return losses;
  }

  private RunResult result(
      Job job, Model model, Session network, List<Double> losses, long began, long trained)
      throws IOException {
    Scores scores = evaluation.of(model, network);
    Files.createDirectories(sheets);
    PngGrid.ofColumns(data.test().classes().orElseThrow())
        .write(
            evaluation.sheet(model, network),
            sheets.resolve(job.toString().replace('/', '-') + ".png"),
            Map.of());
    CostModel.Cost cost = CostModel.of(model.graph());
    int steps = losses.size();
    int window = Math.max(1, steps / CURVE_POINTS);
    return new RunResult(
        job.start(),
        job.row(),
        job.seed(),
        steps,
        scale.batch(),
        job.start().learningRate(),
        data.train().size(),
        cost.parameters(),
        cost.macs(),
        mean(losses, steps - Math.max(1, steps / 10), steps),
        scores.heldOut(),
        scores.frechet(),
        scores.accuracy(),
        (trained - began) / 1e9,
        (System.nanoTime() - trained) / 1e9,
        window,
        means(losses, window));
  }

  /** The means of whole windows. */
  static List<Double> means(List<Double> values, int window) {
    List<Double> means = new ArrayList<>();
    for (int from = 0; from + window <= values.size(); from += window) {
      means.add(mean(values, from, from + window));
    }
    return means;
  }

  /** The mean of a part; 0 of nothing. */
  private static double mean(List<Double> values, int from, int to) {
    return values.isEmpty()
        ? 0
        : values.subList(from, to).stream().mapToDouble(Double::doubleValue).average().orElse(0);
  }
}
