package org.canbridge.cli;

import java.util.List;
import java.util.Optional;
import org.canbridge.runtime.engine.AdamW;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.family.TrainingRecipe;
import org.canbridge.runtime.training.Ema;
import org.canbridge.runtime.training.LearningRate;
import org.canbridge.runtime.training.Trainer;
import org.canbridge.runtime.training.TrainingRun;
import org.canbridge.runtime.training.TrainingSettings;

/**
 * The options of {@code finetune} that say how a network is trained and how long.
 *
 * @param settings how
 * @param plan how long, and what is left behind on the way
 * @param validation what is held out
 * @param validateEvery steps between two evaluations of that
 */
record FinetuneOptions(
    TrainingSettings settings, TrainingRun.Plan plan, Validation validation, long validateEvery) {
  private static final int MOST_EXAMPLES = 1 << 20;
  private static final long DEFAULT_EVERY = 500;

  private static final int WARMUP_SHARE = 5;

  /** U-ViT's authors'. */
  private static final long MOST_WARMUP = 5000;

  /** Examples of a step that the authors' learning rates are for. */
  private static final double USUAL_EXAMPLES = 256;

  private static final Opt<Long> STEPS =
      Opt.whole("steps", 1, Long.MAX_VALUE)
          .elsewhere("max-steps", "max-train-steps", "iterations", "epochs")
          .defaultsTo(1000L)
          .help("steps of the whole run");
  private static final Opt<Integer> BATCH =
      Opt.integer("batch", 1, MOST_EXAMPLES)
          .elsewhere("global-batch-size", "train-batch-size")
          .defaultsTo(32)
          .help("examples of one pass");
  private static final Opt<Integer> ACCUMULATE =
      Opt.integer("accumulate", 1, MOST_EXAMPLES)
          .elsewhere("gradient-accumulation-steps", "grad-accum")
          .defaultsTo(1)
          .help("passes whose gradients make one step");
  private static final Opt<List<String>> TRAIN =
      Opt.of("train", "all|generators|NAMES", Value.list(Value.text()))
          .defaultsTo(List.of(Trainer.ALL))
          .help(
              "what moves: everything, what conversion added, or parameters by name (with * for"
                  + " any characters), separated by commas");
  private static final Opt<Optional<Double>> LR =
      Opt.number("lr", Double.MIN_NORMAL, Double.MAX_VALUE)
          .elsewhere("learning-rate")
          .usually("the authors' at 256 examples a step, DiT 1e-4, U-ViT 2e-4; at fewer less")
          .help("highest learning rate");
  private static final Opt<Double> ADDED_RATE =
      Opt.number("added-rate", Double.MIN_NORMAL, Double.MAX_VALUE)
          .defaultsTo(TrainingSettings.ADDED_RATE)
          .help("factor of the learning rate for what conversion added");
  private static final Opt<Optional<Long>> WARMUP =
      Opt.whole("warmup", 0, Long.MAX_VALUE)
          .usually("a fifth of the steps, at most 5000")
          .help("steps in which the learning rate rises");
  private static final Opt<Boolean> COSINE =
      Opt.word("schedule", "constant", false, "cosine", true)
          .defaultsTo(true)
          .help("the learning rate after that; along a cosine it falls to zero");
  private static final Opt<Optional<Double>> WEIGHT_DECAY =
      Opt.number("weight-decay", 0, Double.MAX_VALUE)
          .usually("the authors': DiT 0, U-ViT 0.03")
          .help("AdamW's weight decay");
  private static final Opt<Optional<Double>> BETA1 =
      Opt.number("beta1", 0, 1)
          .usually("the authors'")
          .help("AdamW's decay of the gradients' average");
  private static final Opt<Optional<Double>> BETA2 =
      Opt.number("beta2", 0, 1)
          .usually("the authors'")
          .help("AdamW's decay of their squares' average");
  private static final Opt<Optional<Double>> CLIP =
      Opt.number("clip", 0, Double.MAX_VALUE)
          .elsewhere("max-grad-norm", "grad-clip")
          .usually("0, no limit")
          .help("largest norm of the gradients, larger ones are scaled");
  private static final Opt<Double> EMA =
      Opt.number("ema", 0, 1)
          .defaultsTo(0.9999)
          .help(
              "decay of the weights' moving average, which is what is sampled; less in the first"
                  + " steps");
  private static final Opt<Optional<Double>> DROP =
      Opt.number("drop", 0, 1)
          .usually("the authors', 0.1")
          .help("share of the examples without their class or text, for guidance");
  private static final Opt<Precision> PRECISION =
      CommonOptions.precision(
          "arithmetic of the passes; weights and optimizer are f32 in both",
          Precision.F32,
          Precision.BF16);
  private static final Opt<Long> SEED = CommonOptions.seed("all that is random");
  private static final Opt<Optional<Integer>> CHECKPOINT_EVERY =
      Opt.integer("checkpoint-every", 1, Integer.MAX_VALUE)
          .elsewhere("ckpt-every", "save-every")
          .usually("500, or once at the end")
          .help("steps between two checkpoints");
  private static final Opt<Integer> KEEP =
      Opt.integer("keep", 1, Integer.MAX_VALUE).defaultsTo(2).help("how many checkpoints stay");
  private static final Opt<Optional<Integer>> SAMPLE_EVERY =
      Opt.integer("sample-every", 0, Integer.MAX_VALUE)
          .usually("500, or once at the end")
          .help("steps between two sheets of samples; 0 for none");

  private static final Opt<Optional<Validation>> VALIDATION =
      Opt.of("validation", "DIR|FILE|SHARE|none", Validation::read)
          .usually("0.05, at most 512 examples")
          .help(
              "what the loss is measured on beside the training: other data (of published sets"
                  + " their test split), or a share of --data that is then not trained on");
  private static final Opt<Optional<Integer>> VALIDATE_EVERY =
      Opt.integer("validate-every", 1, Integer.MAX_VALUE)
          .usually("500, or once at the end")
          .help("steps between two such measurements; there is one before the first step too");

  static final OptionGroup GROUP =
      new OptionGroup(
          "training",
          List.of(
              STEPS,
              BATCH,
              ACCUMULATE,
              TRAIN,
              LR,
              ADDED_RATE,
              WARMUP,
              COSINE,
              WEIGHT_DECAY,
              BETA1,
              BETA2,
              CLIP,
              EMA,
              DROP,
              PRECISION,
              CommonOptions.DEVICE,
              SEED,
              CHECKPOINT_EVERY,
              KEEP,
              SAMPLE_EVERY,
              VALIDATION,
              VALIDATE_EVERY));

  /**
   * The authors' learning rate, for fewer examples a step by the root of their share (Malladi et
   * al., "On the SDEs and scaling rules for adaptive gradient algorithms", NeurIPS 2022).
   */
  private static double rate(TrainingRecipe recipe, double examples) {
    return recipe.learningRate() * Math.min(1, Math.sqrt(examples / USUAL_EXAMPLES));
  }

  /**
   * Reads them; what is not given is as the authors train the family, but for the rate's course.
   */
  static FinetuneOptions read(Invocation invocation, TrainingRecipe recipe) throws UsageException {
    long steps = invocation.get(STEPS);
    double examples = (double) invocation.get(BATCH) * invocation.get(ACCUMULATE);
    AdamW theirs = recipe.optimizer();
    try {
      TrainingSettings settings =
          new TrainingSettings(
              invocation.get(BATCH),
              invocation.get(ACCUMULATE),
              new LearningRate(
                  invocation.get(LR).orElse(rate(recipe, examples)),
                  invocation.get(WARMUP).orElse(Math.min(MOST_WARMUP, steps / WARMUP_SHARE)),
                  invocation.get(COSINE) ? steps : 0),
              invocation.get(ADDED_RATE),
              new AdamW(
                  invocation.get(BETA1).orElse(theirs.beta1()),
                  invocation.get(BETA2).orElse(theirs.beta2()),
                  theirs.eps(),
                  invocation.get(WEIGHT_DECAY).orElse(theirs.weightDecay()),
                  invocation.get(CLIP).orElse(theirs.clip())),
              new Ema(invocation.get(EMA), Ema.FINE_TUNING),
              invocation.get(DROP).orElse(recipe.drop()),
              CommonOptions.target(invocation, invocation.get(PRECISION)),
              invocation.get(SEED),
              invocation.get(TRAIN));
      int every = (int) Math.min(DEFAULT_EVERY, steps);
      return new FinetuneOptions(
          settings,
          new TrainingRun.Plan(
              steps,
              invocation.get(CHECKPOINT_EVERY).orElse(every),
              invocation.get(KEEP),
              invocation.get(SAMPLE_EVERY).orElse(every)),
          invocation.get(VALIDATION).orElse(Validation.USUAL),
          invocation.get(VALIDATE_EVERY).orElse(every));
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }
}
