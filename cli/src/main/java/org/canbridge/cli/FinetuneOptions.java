package org.canbridge.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.cli.Options;
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
 */
record FinetuneOptions(TrainingSettings settings, TrainingRun.Plan plan) {
  private static final int MOST_EXAMPLES = 1 << 20;
  private static final long DEFAULT_STEPS = 1000;
  private static final int DEFAULT_BATCH = 32;
  private static final double DEFAULT_EMA = 0.9999;
  private static final int DEFAULT_EVERY = 500;
  private static final int DEFAULT_KEEP = 2;

  /** A run should not spend most of its steps on the authors' warm-up. */
  private static final int WARMUP_SHARE = 10;

  /** Adds them. */
  static Options addTo(Options options) {
    return options
        .addOption(CommonOptions.value("steps", "N", "steps of the whole run; 1000"))
        .addOption(CommonOptions.value("batch", "N", "examples of one pass; 32"))
        .addOption(
            CommonOptions.value("accumulate", "N", "passes whose gradients make one step; 1"))
        .addOption(
            CommonOptions.value(
                "train",
                "all|generators|NAMES",
                "what moves: everything, what conversion added, or parameters by name (with * for"
                    + " any characters), separated by commas; all"))
        .addOption(
            CommonOptions.value("lr", "X", "learning rate; the authors': DiT 1e-4, U-ViT 2e-4"))
        .addOption(
            CommonOptions.value(
                "generator-rate",
                "X",
                "factor of the learning rate for generators, whose small steps are large ones of"
                    + " the weights they make; "
                    + TrainingSettings.GENERATOR_RATE))
        .addOption(
            CommonOptions.value(
                "warmup",
                "N",
                "steps in which the learning rate rises; the authors' (DiT 0, U-ViT 5000), but at"
                    + " most a tenth of the steps"))
        .addOption(
            CommonOptions.value(
                "schedule", "constant|cosine", "the learning rate after that; constant"))
        .addOption(
            CommonOptions.value(
                "weight-decay", "X", "AdamW's weight decay; the authors': DiT 0, U-ViT 0.03"))
        .addOption(
            CommonOptions.value("beta1", "X", "AdamW's decay of the gradients' average; theirs"))
        .addOption(
            CommonOptions.value("beta2", "X", "AdamW's decay of their squares' average; theirs"))
        .addOption(
            CommonOptions.value(
                "clip", "X", "largest norm of the gradients, larger ones are scaled; 0, no limit"))
        .addOption(
            CommonOptions.value(
                "ema",
                "X",
                "decay of the weights' moving average, which is what is sampled; 0.9999, less in"
                    + " the first steps"))
        .addOption(
            CommonOptions.value(
                "drop",
                "X",
                "share of the examples without their class or text, for guidance; theirs, 0.1"))
        .addOption(
            CommonOptions.value(
                "precision",
                "f32|bf16",
                "arithmetic of the passes; weights and optimizer are f32 in both; f32"))
        .addOption(CommonOptions.value("seed", "N", "seed of all that is random; 0"))
        .addOption(
            CommonOptions.value("checkpoint-every", "N", "steps between two checkpoints; 500"))
        .addOption(CommonOptions.value("keep", "N", "how many checkpoints stay; 2"))
        .addOption(
            CommonOptions.value(
                "sample-every", "N", "steps between two sheets of samples; 500, 0 for none"));
  }

  /** Reads them; what is not given is as the authors train the family. */
  static FinetuneOptions read(Invocation invocation, TrainingRecipe recipe) throws UsageException {
    long steps = invocation.integer("steps", 1L, Long.MAX_VALUE).orElse(DEFAULT_STEPS);
    long warmup =
        invocation
            .integer("warmup", 0L, Long.MAX_VALUE)
            .orElse(Math.min(recipe.warmup(), steps / WARMUP_SHARE));
    boolean cosine =
        invocation.choice("schedule", ordered("constant", false, "cosine", true)).orElse(false);
    AdamW theirs = recipe.optimizer();
    try {
      TrainingSettings settings =
          new TrainingSettings(
              invocation.integer("batch", 1, MOST_EXAMPLES).orElse(DEFAULT_BATCH),
              invocation.integer("accumulate", 1, MOST_EXAMPLES).orElse(1),
              new LearningRate(
                  invocation
                      .number("lr", Double.MIN_NORMAL, Double.MAX_VALUE)
                      .orElse(recipe.learningRate()),
                  warmup,
                  cosine ? steps : 0),
              invocation
                  .number("generator-rate", Double.MIN_NORMAL, Double.MAX_VALUE)
                  .orElse(TrainingSettings.GENERATOR_RATE),
              new AdamW(
                  invocation.number("beta1", 0, 1).orElse(theirs.beta1()),
                  invocation.number("beta2", 0, 1).orElse(theirs.beta2()),
                  theirs.eps(),
                  invocation
                      .number("weight-decay", 0, Double.MAX_VALUE)
                      .orElse(theirs.weightDecay()),
                  invocation.number("clip", 0, Double.MAX_VALUE).orElse(theirs.clip())),
              new Ema(invocation.number("ema", 0, 1).orElse(DEFAULT_EMA), true),
              invocation.number("drop", 0, 1).orElse(recipe.drop()),
              invocation
                  .choice("precision", ordered("f32", Precision.F32, "bf16", Precision.BF16))
                  .orElse(Precision.F32),
              invocation.integer("seed", 0L, Long.MAX_VALUE).orElse(0),
              List.of(invocation.text("train").orElse(Trainer.ALL).split(",", -1)));
      int every = (int) Math.min(DEFAULT_EVERY, steps);
      return new FinetuneOptions(
          settings,
          new TrainingRun.Plan(
              steps,
              invocation.integer("checkpoint-every", 1, Integer.MAX_VALUE).orElse(every),
              invocation.integer("keep", 1, Integer.MAX_VALUE).orElse(DEFAULT_KEEP),
              invocation.integer("sample-every", 0, Integer.MAX_VALUE).orElse(every)));
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private static <T> Map<String, T> ordered(String first, T one, String second, T other) {
    Map<String, T> choices = new LinkedHashMap<>();
    choices.put(first, one);
    choices.put(second, other);
    return choices;
  }
}
