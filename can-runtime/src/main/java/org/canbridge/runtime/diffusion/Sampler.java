package org.canbridge.runtime.diffusion;

import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * Draws images of given classes from a network:
 *
 * <pre>{@code
 * Sampler sampler = new Sampler(network, new ImageShape(1, 28, 28), NoiseSchedule.linear(1000), 10);
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
  private final ClassConditionalNetwork network;
  private final ImageShape shape;
  private final NoiseSchedule schedule;
  private final long nullLabel;

  /**
   * A sampler for one network.
   *
   * @param network predicts the noise; bound and closed once for each batch
   * @param shape shape of one image or latent
   * @param schedule the schedule that the network was trained on, not respaced
   * @param nullLabel the label of the null class, the last one: DiT has it after its classes
   */
  public Sampler(
      ClassConditionalNetwork network, ImageShape shape, NoiseSchedule schedule, long nullLabel) {
    this.network = network;
    this.shape = shape;
    this.schedule = schedule;
    this.nullLabel = nullLabel;
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
   * @throws IllegalArgumentException if there is no label, one is out of range, or the schedule has
   *     too few timesteps
   * @throws CancellationException if {@code cancelled} said so
   */
  public Latents sample(
      SamplingSettings settings,
      long[] labels,
      long firstImage,
      StepListener listener,
      BooleanSupplier cancelled) {
    check(labels);
    Solver solver = settings.solver().create(schedule.respace(settings.respacing()), settings);
    SeededNoise noise = SeededNoise.ofRange(settings.seed(), firstImage, labels.length);
    try (DenoisingNetwork bound =
        network.bind(settings.isGuided() ? withNull(labels) : labels.clone())) {
      Denoiser denoiser = new EpsilonDenoiser(bound);
      if (settings.isGuided()) {
        denoiser =
            new ClassifierFreeGuidance(
                denoiser, settings.guidanceScale(), settings.guidedChannels());
      }
      return solver.solve(cancellable(denoiser, cancelled), noise.next(shape), noise, listener);
    }
  }

  private void check(long[] labels) {
    if (labels.length == 0) {
      throw new IllegalArgumentException("at least one class label is needed");
    }
    for (long label : labels) {
      if (label < 0 || label > nullLabel) {
        throw new IllegalArgumentException(
            "class "
                + label
                + " is not in 0.."
                + (nullLabel - 1)
                + " (null class "
                + nullLabel
                + ")");
      }
    }
  }

  /** The labels, then the null class as many times. */
  private long[] withNull(long[] labels) {
    long[] both = new long[Math.multiplyExact(2, labels.length)];
    System.arraycopy(labels, 0, both, 0, labels.length);
    Arrays.fill(both, labels.length, both.length, nullLabel);
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
