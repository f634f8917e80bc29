package org.canbridge.runtime.training;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.canbridge.importers.keys.Globs;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.engine.AdamW;
import org.canbridge.runtime.engine.MachineKernels;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.TrainingSession;
import org.canbridge.runtime.family.Diffusion;
import org.canbridge.runtime.family.NetworkInput;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.training.data.TrainingBatch;
import org.canbridge.tensors.TensorData;

/**
 * Trains a model, one step a call. What a step does depends on its number, the settings' seed, the
 * weights and the examples alone: the same calls give the same weights on the same machine.
 *
 * <pre>{@code
 * try (Trainer trainer = Trainer.open(model, settings)) {
 *   StepResult result = trainer.step(examples);
 * }
 * }</pre>
 */
public final class Trainer implements AutoCloseable {
  /** Keyword for all parameters. */
  public static final String ALL = "all";

  /** Keyword for the parameters that conversion added: generators and inserted convolutions. */
  public static final String GENERATORS = "generators";

  private final Diffusion diffusion;
  private final DenoisingLoss loss;
  private final TrainingSettings settings;
  private final TrainingSession session;
  private final ExampleDraws draws;
  private final float[] noText;
  private long steps;

  private Trainer(
      Diffusion diffusion,
      DenoisingLoss loss,
      TrainingSettings settings,
      TrainingSession session,
      float[] noText) {
    this.noText = noText;
    this.diffusion = diffusion;
    this.loss = loss;
    this.settings = settings;
    this.session = session;
    this.draws = new ExampleDraws(settings.seed());
  }

  /**
   * What one step was like.
   *
   * @param step its number, from 1
   * @param loss mean over the examples
   * @param terms the parts of the loss by name
   * @param gradientNorm before clipping
   * @param learningRate that was used
   * @param moved whether the weights were changed; not if the loss or a gradient is NaN or infinite
   */
  public record StepResult(
      long step,
      double loss,
      Map<String, Double> terms,
      double gradientNorm,
      double learningRate,
      boolean moved) {}

  /**
   * Begins with the model's weights.
   *
   * @param noText features {@code (N, D)} of the empty text, which a dropped text becomes; empty
   *     for networks without text
   * @throws IllegalArgumentException if the model is no diffusion model, or the settings choose no
   *     parameter
   */
  public static Trainer open(Model model, TrainingSettings settings, float... noText) {
    Set<String> fixed = model.family().training().fixed();
    Set<String> trained = chosen(model, fixed, settings.trained());
    Diffusion diffusion = model.diffusion();
    DenoisingLoss loss = DenoisingLoss.of(diffusion);
    return new Trainer(
        diffusion,
        loss,
        settings,
        TrainingSession.open(
            model.graph(),
            model.checkpoint().tensors(),
            groups(model, trained, settings),
            loss,
            settings.target()),
        noText.clone());
  }

  /** Parameters of one learning rate together. The authors decay everything or nothing. */
  private static List<TrainingSession.Group> groups(
      Model model, Set<String> trained, TrainingSettings settings) {
    Map<String, Double> rates =
        GeneratorRates.of(
            model.graph(),
            model.objective().orElseThrow(),
            model.checkpoint().tensors(),
            settings.target());
    Set<String> before = published(model);
    Map<Double, Set<String>> names = new LinkedHashMap<>();
    for (String name : trained) {
      double added = before.contains(name) ? 1 : settings.addedRate();
      names
          .computeIfAbsent(added * rates.getOrDefault(name, 1.0), r -> new LinkedHashSet<>())
          .add(name);
    }
    return names.entrySet().stream()
        .map(rate -> new TrainingSession.Group(rate.getValue(), rate.getKey(), 1))
        .toList();
  }

  /** Names of the parameters that the network had before its conversion. */
  private static Set<String> published(Model model) {
    return model.source().parameters().stream().map(Op.Parameter::name).collect(Collectors.toSet());
  }

  /** Names of the parameters that these words choose, in the graph's order. */
  static Set<String> chosen(Model model, Set<String> fixed, List<String> words) {
    Set<String> before = published(model);
    Set<String> names = new LinkedHashSet<>();
    for (String word : words) {
      Pattern pattern = Globs.compile(word.equals(ALL) ? "*" : word);
      int known = names.size();
      for (Op.Parameter parameter : model.graph().parameters()) {
        String name = parameter.name();
        boolean meant =
            word.equals(GENERATORS) ? !before.contains(name) : pattern.matcher(name).matches();
        if (meant && !fixed.contains(name)) {
          names.add(name);
        }
      }
      if (names.size() == known) {
        throw new IllegalArgumentException(
            "'"
                + word
                + "' chooses no (further) parameter of this network; its tensors are listed by"
                + " canbridge inspect");
      }
    }
    return names;
  }

  /** The shape of one example. */
  public ImageShape shape() {
    return diffusion.shape();
  }

  /** Names of the parameters that move. */
  public List<String> trained() {
    return session.trained();
  }

  /** Number of elements of the parameters that move. */
  public long trainedElements() {
    Set<String> names = Set.copyOf(session.trained());
    return session.graph().parameters().stream()
        .filter(p -> names.contains(p.name()))
        .mapToLong(p -> p.shape().elements())
        .sum();
  }

  /** Number of elements of all parameters. */
  public long elements() {
    return session.graph().parameters().stream().mapToLong(p -> p.shape().elements()).sum();
  }

  /** Examples that one step takes. */
  public int examplesPerStep() {
    return settings.examples();
  }

  /** Names of the parts of the loss. */
  public List<String> terms() {
    return loss.terms();
  }

  /** The averaged weights as they are when they are read. */
  public Map<String, TensorData> averages() {
    return session.ema();
  }

  /** How many steps were made, those of the runs that were resumed included. */
  public long steps() {
    return steps;
  }

  /**
   * Makes one step. If the loss or a gradient is NaN or infinite, the weights stay as they are.
   *
   * @throws IllegalArgumentException if the examples are not those of one step of this network
   */
  public StepResult step(TrainingBatch examples) {
    check(examples, settings.examples());
    long first = steps * settings.examples();
    double[] sums = new double[loss.terms().size()];
    for (int pass = 0; pass < settings.accumulate(); pass++) {
      int from = pass * settings.batch();
      StepInputs inputs = inputs(examples, from, settings.batch(), first + from);
      double[][] values =
          session.differentiate(inputs.network(), inputs.loss(), 1.0 / settings.accumulate());
      for (int i = 0; i < sums.length; i++) {
        sums[i] += Arrays.stream(values[i]).sum();
      }
    }
    double norm = session.gradientNorm();
    double rate = settings.learningRate().at(steps);
    Map<String, Double> terms = new LinkedHashMap<>();
    double total = 0;
    for (int i = 0; i < sums.length; i++) {
      double mean = sums[i] / settings.examples();
      terms.put(loss.terms().get(i), mean);
      total += mean;
    }
    boolean sound = Double.isFinite(total) && Double.isFinite(norm);
    if (sound) {
      AdamW optimizer = settings.optimizer();
      session.update(
          new TrainingSession.Update(
              rate,
              optimizer.beta1(),
              optimizer.beta2(),
              optimizer.eps(),
              optimizer.weightDecay(),
              optimizer.divisor(norm),
              settings.ema().at(steps)));
      steps++;
    } else {
      session.forget();
    }
    return new StepResult(sound ? steps : steps + 1, total, terms, norm, rate, sound);
  }

  /**
   * The averaged weights' loss on examples that are not trained on; a forward pass only. Noise
   * levels, noise and dropped conditions depend on the examples' places alone, so that two calls
   * compare weights; levels are spread evenly over the places.
   *
   * @param examples any number of them
   * @param first place of the first among all examples that are held out
   * @return the loss of each
   * @throws IllegalArgumentException if the examples are not those of this network
   */
  public double[] heldOutLosses(TrainingBatch examples, long first) {
    int count = examples.values().length / diffusion.shape().size();
    check(examples, count);
    double[] losses = new double[count];
    for (int from = 0; from < count; from += settings.batch()) {
      int size = Math.min(settings.batch(), count - from);
      StepInputs inputs = inputs(examples, from, size, ExampleDraws.heldOut(first + from));
      for (double[] term : session.averagedLosses(inputs.network(), inputs.loss())) {
        for (int i = 0; i < size; i++) {
          losses[from + i] += term[i];
        }
      }
    }
    return losses;
  }

  private void check(TrainingBatch examples, int count) {
    if (examples.values().length != count * diffusion.shape().size()) {
      throw new IllegalArgumentException(
          "a step takes "
              + count
              + " examples of "
              + diffusion.shape()
              + ", not "
              + examples.values().length
              + " values");
    }
    for (Op.Input input : session.graph().inputs()) {
      boolean labels = NetworkInput.LABEL.is(input) && examples.labels().length != count;
      boolean texts =
          NetworkInput.TEXT.is(input)
              && (noText.length == 0 || examples.text().length != count * noText.length);
      if (labels || texts) {
        throw new IllegalArgumentException(
            "this network is trained with one '" + input.name() + "' for each example");
      }
    }
  }

  private StepInputs inputs(TrainingBatch examples, int from, int count, long number) {
    return StepInputs.of(
        examples,
        from,
        count,
        number,
        draws,
        diffusion,
        loss,
        settings.drop(),
        noText,
        contextShape(count));
  }

  private long[] contextShape(int batch) {
    return session.graph().inputs().stream()
        .filter(NetworkInput.TEXT::is)
        .findFirst()
        .map(input -> input.shape().resolve(batch))
        .orElse(new long[0]);
  }

  /** What is known of the library's kernels on this machine, in one line. */
  public String kernels() {
    return MachineKernels.summary(settings.target());
  }

  /** The engine's side of the training: weights, average and optimizer by name. */
  TrainingSession state() {
    return session;
  }

  /** Says that a restored state stands at this step. */
  void resumeAt(long step) {
    steps = step;
  }

  /** The network with the averaged weights; to be closed before the next step. */
  public Session averagedNetwork() {
    return session.averagedNetwork();
  }

  @Override
  public void close() {
    session.close();
  }
}
