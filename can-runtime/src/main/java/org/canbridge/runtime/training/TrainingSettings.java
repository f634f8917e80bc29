package org.canbridge.runtime.training;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.canbridge.runtime.engine.AdamW;
import org.canbridge.runtime.engine.Target;

/**
 * How a network is trained; what it is trained on and for how long stands elsewhere.
 *
 * @param batch examples of one forward and backward pass
 * @param accumulate passes whose gradients make one step
 * @param learningRate over the run
 * @param addedRate factor of the learning rate for what conversion added, see {@link #ADDED_RATE}
 * @param optimizer its settings
 * @param ema moving average of the weights
 * @param drop share of the examples whose class or text is replaced by none, for guidance
 * @param target of forward and backward pass; weights, their averages and the optimizer are float32
 *     (float64 with {@link Target#F64})
 * @param seed of all that is random
 * @param trained which parameters move: {@code all}, {@code generators} (all that conversion
 *     added), or names in which {@code *} stands for any characters
 */
public record TrainingSettings(
    int batch,
    int accumulate,
    LearningRate learningRate,
    double addedRate,
    AdamW optimizer,
    Ema ema,
    double drop,
    Target target,
    long seed,
    List<String> trained) {

  /**
   * The usual factor for what was added to a checkpoint that is trained already: what stands there
   * is near its optimum and wants small steps, what is new has all its way before it (as in LoRA,
   * Hu et al., ICLR 2022, and LoRA+, Hayou et al., ICML 2024). docs/decisions.md, 9, has what was
   * measured.
   */
  public static final double ADDED_RATE = 10;

  /** Checks the numbers. */
  public TrainingSettings {
    if (batch < 1 || accumulate < 1) {
      throw new IllegalArgumentException(
          "a step needs at least one example, not " + accumulate + " x " + batch);
    }
    if (!(drop >= 0 && drop <= 1)) {
      throw new IllegalArgumentException("no share of conditions to drop: " + drop);
    }
    if (!(addedRate > 0 && Double.isFinite(addedRate))) {
      throw new IllegalArgumentException("no factor of a learning rate: " + addedRate);
    }
    trained = List.copyOf(trained);
  }

  /** With one learning rate for all, as from random weights. */
  public TrainingSettings(
      int batch,
      int accumulate,
      LearningRate learningRate,
      AdamW optimizer,
      Ema ema,
      double drop,
      Target target,
      long seed,
      List<String> trained) {
    this(batch, accumulate, learningRate, 1, optimizer, ema, drop, target, seed, trained);
  }

  /** With another factor for what conversion added. */
  public TrainingSettings withAddedRate(double factor) {
    return new TrainingSettings(
        batch, accumulate, learningRate, factor, optimizer, ema, drop, target, seed, trained);
  }

  /** Examples that one step sees. */
  public int examples() {
    return Math.multiplyExact(batch, accumulate);
  }

  /** All that decides which numbers come out, as text by name, for records and for people. */
  public Map<String, String> describe() {
    Map<String, String> text = new LinkedHashMap<>();
    text.put("train", String.join(",", trained));
    text.put("batch", Integer.toString(batch));
    text.put("accumulate", Integer.toString(accumulate));
    text.put("learning_rate", number(learningRate.peak()));
    text.put("added_rate", number(addedRate));
    text.put("warmup", Long.toString(learningRate.warmup()));
    text.put(
        "schedule",
        learningRate.cosineSteps() == 0
            ? "constant"
            : "cosine over " + learningRate.cosineSteps() + " steps");
    text.put("beta1", number(optimizer.beta1()));
    text.put("beta2", number(optimizer.beta2()));
    text.put("eps", number(optimizer.eps()));
    text.put("weight_decay", number(optimizer.weightDecay()));
    text.put("clip", number(optimizer.clip()));
    text.put(
        "ema", number(ema.decay()) + (ema.warmup() == 0 ? "" : " with warm-up " + ema.warmup()));
    text.put("drop", number(drop));
    text.put("precision", target.precision().name().toLowerCase(Locale.ROOT));
    text.put("seed", Long.toString(seed));
    return text;
  }

  private static String number(double value) {
    return Double.toString(value);
  }
}
