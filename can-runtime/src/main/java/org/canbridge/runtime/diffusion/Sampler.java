package org.canbridge.runtime.diffusion;

import java.util.Arrays;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * Draws images of given classes from a network:
 *
 * <pre>{@code
 * Sampler sampler =
 *     new Sampler(network, new ImageShape(1, 28, 28), TrainedSchedule.dit(), OptionalLong.of(10));
 * Latents images =
 *     sampler.sample(
 *         SamplingSettings.of(SolverName.DDIM, Respacing.even(50)).withGuidance(2),
 *         new long[] {0, 1, 2}, 0, StepListener.NONE, () -> false);
 * }</pre>
 *
 * <p>Image k of a seed starts from the same noise and meets the same noise in every batch, so what
 * is drawn depends on how a run is cut into batches only as far as the network's own rounding does.
 */
public final class Sampler {
  /** Stands where no network is needed. */
  private static final DenoisingNetwork NOTHING =
      (x, timestep) -> {
        throw new IllegalStateException("no network was bound");
      };

  private final ClassConditionalNetwork network;
  private final ImageShape shape;
  private final TrainedSchedule schedule;
  private final OptionalLong nullLabel;

  /**
   * A sampler for one network.
   *
   * @param network predicts what the schedule says; bound and closed once or twice for each batch
   * @param shape shape of one image or latent
   * @param schedule the schedule that the network was trained on
   * @param nullLabel the label of the null class, the last one: DiT has it after its classes. Empty
   *     for an unconditional network, whose labels are all 0
   */
  public Sampler(
      ClassConditionalNetwork network,
      ImageShape shape,
      TrainedSchedule schedule,
      OptionalLong nullLabel) {
    this.network = network;
    this.shape = shape;
    this.schedule = schedule;
    this.nullLabel = nullLabel;
  }

  /** The same network, trained on another schedule. */
  public Sampler trainedOn(TrainedSchedule other) {
    return new Sampler(network, shape, other, nullLabel);
  }

  /**
   * Draws one batch.
   *
   * @param settings how
   * @param labels class of each image, 0..null label
   * @param firstImage the run's index of the first image; decides its noise, with the seed
   * @param listener told after each step
   * @param cancelled asked before each step
   * @return the images, {@code (B, C, H, W)}
   * @throws IllegalArgumentException if there is no label, one is out of range, guidance is asked
   *     for without a null class, or the solver does not go with the schedule or the settings
   * @throws CancellationException if {@code cancelled} said so
   */
  public Latents sample(
      SamplingSettings settings,
      long[] labels,
      long firstImage,
      StepListener listener,
      BooleanSupplier cancelled) {
    check(settings, labels);
    Solver solver = settings.solver().create(schedule, settings);
    SeededNoise noise = SeededNoise.ofRange(settings.seed(), firstImage, labels.length);
    Guidance guidance = settings.guidance();
    boolean always = guidance.interval().equals(GuidanceInterval.ALWAYS);
    try (DenoisingNetwork twice = guidance.isOn() ? network.bind(withNull(labels)) : NOTHING;
        DenoisingNetwork once =
            guidance.isOn() && always ? NOTHING : network.bind(labels.clone())) {
      Denoiser denoiser = new EpsilonDenoiser(once, schedule.prediction());
      if (guidance.isOn()) {
        Denoiser guided =
            new ClassifierFreeGuidance(
                new EpsilonDenoiser(twice, schedule.prediction()),
                guidance.scale(),
                guidance.channels());
        denoiser = new IntervalDenoiser(guidance.interval(), guided, denoiser);
      }
      if (settings.clipDenoised() && !settings.solver().clipsItself()) {
        denoiser = Thresholding.fixed(denoiser);
      }
      return solver.solve(cancellable(denoiser, cancelled), noise.next(shape), noise, listener);
    }
  }

  /**
   * Checks settings before anything is computed.
   *
   * @throws IllegalArgumentException as {@link #sample} would
   */
  public void check(SamplingSettings settings) {
    if (settings.guidance().isOn() && nullLabel.isEmpty()) {
      throw new IllegalArgumentException(
          "this model is unconditional and cannot be guided; use a guidance scale of 1");
    }
    settings.solver().create(schedule, settings);
  }

  private void check(SamplingSettings settings, long[] labels) {
    check(settings);
    if (labels.length == 0) {
      throw new IllegalArgumentException("at least one class label is needed");
    }
    long last = nullLabel.orElse(0);
    for (long label : labels) {
      if (label < 0 || label > last) {
        throw new IllegalArgumentException(
            nullLabel.isEmpty()
                ? "class " + label + " for an unconditional model, whose labels are 0"
                : "class " + label + " is not in 0.." + (last - 1) + " (null class " + last + ")");
      }
    }
  }

  /** The labels, then the null class as many times. */
  private long[] withNull(long[] labels) {
    long[] both = new long[Math.multiplyExact(2, labels.length)];
    System.arraycopy(labels, 0, both, 0, labels.length);
    Arrays.fill(both, labels.length, both.length, nullLabel.orElseThrow());
    return both;
  }

  private static Denoiser cancellable(Denoiser denoiser, BooleanSupplier cancelled) {
    return (x, level) -> {
      if (cancelled.getAsBoolean()) {
        throw new CancellationException(
            "sampling was cancelled before timestep " + level.timestep());
      }
      return denoiser.predict(x, level);
    };
  }
}
