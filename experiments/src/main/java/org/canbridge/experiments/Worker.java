package org.canbridge.experiments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.TrainingRecipe;
import org.canbridge.runtime.graph.CostModel;
import org.canbridge.runtime.image.PngGrid;
import org.canbridge.runtime.training.Ema;
import org.canbridge.runtime.training.LearningRate;
import org.canbridge.runtime.training.Trainer;
import org.canbridge.runtime.training.TrainingRun;
import org.canbridge.runtime.training.TrainingSettings;
import org.canbridge.runtime.training.data.BatchLoader;
import org.canbridge.runtime.training.data.LoaderOptions;
import org.canbridge.runtime.training.watch.MetricsFile;
import org.canbridge.runtime.training.watch.TrainingSummary;
import org.canbridge.tensors.files.AtomicDirectory;

/**
 * Makes one run: network, training, evaluation. A run that was stopped goes on from its last
 * checkpoint.
 *
 * @param networks where networks come from
 * @param work folder of the runs and of pictures of what the networks draw
 */
record Worker(Scale scale, Data data, Networks networks, Evaluation evaluation, Path work) {
  private static final double EMA_DECAY = 0.9999;
  private static final int CURVE_POINTS = 40;

  /** All settings but those that the authors of DiT give. */
  private TrainingSettings settings(Job job, TrainingRecipe recipe) {
    boolean trained = job.start() == Start.TRAINED;
    return new TrainingSettings(
        scale.batch(),
        1,
        new LearningRate(
            job.learningRate(), trained ? scale.trainedWarmup() : scale.warmup(), scale.steps(job)),
        trained ? TrainingSettings.ADDED_RATE : 1,
        recipe.optimizer(),
        new Ema(EMA_DECAY, trained ? Ema.FINE_TUNING : Ema.USUAL),
        recipe.drop(),
        Target.F32,
        job.seed(),
        List.of(Trainer.ALL));
  }

  /**
   * Makes a run, or goes on with it.
   *
   * @throws IOException if a file cannot be read or written
   */
  RunResult run(Job job) throws IOException {
    try (Model model = networks.open(job)) {
      if (!job.row().isTrained()) {
        try (Session network = model.session(Target.F32)) {
          return result(job, model, network, new Trained(List.of(), List.of(), 0));
        }
      }
      TrainingSettings settings = settings(job, model.family().training());
      try (Trainer trainer = Trainer.open(model, settings)) {
        Trained trained = train(job, model, trainer, settings);
        try (Session network = trainer.averagedNetwork()) {
          return result(job, model, network, trained);
        }
      }
    }
  }

  /**
   * What a training was like.
   *
   * @param losses of every step
   * @param looks see {@link RunResult}
   */
  private record Trained(List<Double> losses, List<Double> looks, double seconds) {}

  private Trained train(Job job, Model model, Trainer trainer, TrainingSettings settings)
      throws IOException {
    Path folder = work.resolve("runs").resolve(job.fileName());
    Path looks = folder.resolve("looks.txt");
    TrainingRun.Setup setup =
        new TrainingRun.Setup(
            new TrainingRun.Plan(scale.steps(job), scale.checkpointEvery(), 1, 0),
            model,
            trainer,
            record(job, settings),
            Optional.empty(),
            Optional.empty(),
            new Looks(looks, scale.checkpointEvery(), () -> look(model, trainer)));
    TrainingRun run = begin(folder, setup);
    try (BatchLoader loader =
        new BatchLoader(
            data.train(),
            settings.examples(),
            job.seed(),
            trainer.steps() * settings.examples(),
            LoaderOptions.defaults())) {
      TrainingRun.End end = run.run(loader);
      if (end.state() != TrainingSummary.State.FINISHED) {
        throw new IllegalStateException(job + ": " + end.remark());
      }
    }
    List<Double> losses = new ArrayList<>();
    double[] seconds = new double[1];
    MetricsFile.read(folder.resolve(MetricsFile.NAME))
        .forEach(
            step -> {
              losses.add(step.terms().get("mse"));
              seconds[0] = step.seconds();
            });
    return new Trained(losses, Looks.read(looks), seconds[0]);
  }

  /** A folder that a kill left without settings is begun anew. */
  private static TrainingRun begin(Path folder, TrainingRun.Setup setup) throws IOException {
    if (Files.exists(folder.resolve(TrainingRun.RECORD))) {
      return TrainingRun.resume(folder, setup);
    }
    AtomicDirectory.delete(folder);
    return TrainingRun.begin(folder, setup);
  }

  private Map<String, String> record(Job job, TrainingSettings settings) {
    Map<String, String> record = new LinkedHashMap<>();
    record.put("model", job.toString());
    record.put("data_examples", Long.toString(data.train().size()));
    record.putAll(settings.describe());
    return record;
  }

  private double look(Model model, Trainer trainer) throws IOException {
    try (Session network = trainer.averagedNetwork()) {
      return evaluation.heldOut(model, network, scale.heldOut() / 4).mean();
    }
  }

  private RunResult result(Job job, Model model, Session network, Trained trained)
      throws IOException {
    Scores scores = evaluation.of(model, network);
    Path sheets = work.resolve("sheets");
    Files.createDirectories(sheets);
    PngGrid.ofColumns(data.test().classes().orElseThrow())
        .write(evaluation.sheet(model, network), sheets.resolve(job.fileName() + ".png"), Map.of());
    CostModel.Cost cost = CostModel.of(model.graph());
    List<Double> losses = trained.losses();
    int steps = losses.size();
    int window = Math.max(1, steps / CURVE_POINTS);
    return new RunResult(
        job.start(),
        job.row(),
        job.seed(),
        job.learningRate(),
        steps,
        scale.batch(),
        data.train().size(),
        cost.parameters(),
        cost.macs(),
        mean(losses, steps - Math.max(1, steps / 10), steps),
        scores.heldOut(),
        scores.drawn(),
        trained.seconds(),
        trained.looks(),
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
