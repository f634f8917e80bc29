package org.canbridge.runtime.diffusion;

import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.canbridge.importers.family.Objective;

/**
 * Draws images of given classes from a network:
 *
 * <pre>{@code
 * Sampler sampler =
 *     new Sampler(network, new ImageShape(1, 28, 28), schedule, ClassLabels.withNull(10));
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
  private final ClassLabels labels;
  private final Objective.Range range;

  /**
   * A sampler for one network.
   *
   * @param network predicts what the schedule says; bound and closed once or twice for each batch
   * @param shape shape of one image or latent
   * @param schedule the schedule that the network was trained on
   * @param labels what it is conditioned on
   */
  public Sampler(
      ClassConditionalNetwork network,
      ImageShape shape,
      TrainedSchedule schedule,
      ClassLabels labels) {
    this(network, shape, schedule, labels, Objective.Range.SIGNED);
  }

  private Sampler(
      ClassConditionalNetwork network,
      ImageShape shape,
      TrainedSchedule schedule,
      ClassLabels labels,
      Objective.Range range) {
    this.network = network;
    this.shape = shape;
    this.schedule = schedule;
    this.labels = labels;
    this.range = range;
  }

  /** The same network, whose images are of this range; drawn ones are of the usual one. */
  public Sampler of(Objective.Range other) {
    return new Sampler(network, shape, schedule, labels, other);
  }

  /** The solver of most people: DDPM, DPM-Solver without discrete timesteps, Heun for flows. */
  public SolverName usualSolver() {
    return schedule.flow()
        ? SolverName.HEUN
        : schedule.isDiscrete() ? SolverName.DDPM : SolverName.DPM_SOLVER;
  }

  /** The same network, trained on another schedule. */
  public Sampler trainedOn(TrainedSchedule other) {
    return new Sampler(network, shape, other, labels, range);
  }

  /**
   * Draws one batch.
   *
   * @param settings how
   * @param labels class of each image, the null class included
   * @param firstImage the run's index of the first image; decides its noise, with the seed
   * @param listener told after each step; of a solver that chooses its steps, after each image
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
    check(settings);
    this.labels.check(labels);
    Latents drawn =
        settings.solver().isAdaptive()
            ? oneByOne(settings, labels, firstImage, listener, cancelled)
            : batch(settings, labels, firstImage, listener, cancelled);
    return range == Objective.Range.SIGNED
        ? drawn
        : new Latents(shape, Arrays.stream(drawn.values()).map(range::toSigned).toArray());
  }

  private Latents oneByOne(
      SamplingSettings settings,
      long[] labels,
      long firstImage,
      StepListener listener,
      BooleanSupplier cancelled) {
    double[] all = new double[Math.multiplyExact(labels.length, shape.size())];
    for (int i = 0; i < labels.length; i++) {
      Step[] last = new Step[1];
      long[] label = {labels[i]};
      Latents image = batch(settings, label, firstImage + i, step -> last[0] = step, cancelled);
      System.arraycopy(image.values(), 0, all, i * shape.size(), shape.size());
      listener.onStep(
          new Step(i + 1, labels.length, last[0].timestep(), image, last[0].denoised()));
    }
    return new Latents(shape, all);
  }

  private Latents batch(
      SamplingSettings settings,
      long[] labels,
      long firstImage,
      StepListener listener,
      BooleanSupplier cancelled) {
    Solver solver = settings.solver().create(schedule, settings);
    SeededNoise noise = SeededNoise.ofRange(settings.seed(), firstImage, labels.length);
    Guidance guidance = settings.guidance();
    boolean always = guidance.interval().equals(GuidanceInterval.ALWAYS);
    try (DenoisingNetwork twice = guidance.isOn() ? network.bind(withNull(labels)) : NOTHING;
        DenoisingNetwork once =
            guidance.isOn() && always ? NOTHING : network.bind(labels.clone())) {
      Denoiser denoiser = new NetworkDenoiser(once, schedule.prediction());
      if (guidance.isOn()) {
        DenoisingNetwork guided = new GuidedNetwork(twice, guidance.scale(), guidance.channels());
        denoiser =
            new IntervalDenoiser(
                guidance.interval(), new NetworkDenoiser(guided, schedule.prediction()), denoiser);
      }
      if (settings.clipDenoised()) {
        denoiser = settings.solver().clipped(denoiser);
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
    if (settings.guidance().isOn()) {
      labels.checkGuidance();
    }
    settings.solver().create(schedule, settings);
  }

  /** The labels, then the null class as many times. */
  private long[] withNull(long[] labels) {
    long[] both = new long[Math.multiplyExact(2, labels.length)];
    System.arraycopy(labels, 0, both, 0, labels.length);
    Arrays.fill(both, labels.length, both.length, this.labels.nullLabel().orElseThrow());
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
