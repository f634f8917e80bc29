package org.canbridge.verifiers.family.dit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.family.GuidedChannels;
import org.canbridge.importers.family.Objective;
import org.canbridge.runtime.LatentDecoder;
import org.canbridge.runtime.SessionNetwork;
import org.canbridge.runtime.diffusion.Denoiser;
import org.canbridge.runtime.diffusion.DenoisingNetwork;
import org.canbridge.runtime.diffusion.DiffusersScheduler;
import org.canbridge.runtime.diffusion.GuidedNetwork;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.NetworkDenoiser;
import org.canbridge.runtime.diffusion.NoiseSource;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.Solver;
import org.canbridge.runtime.diffusion.Step;
import org.canbridge.runtime.diffusion.TrainedSchedule;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.objective.Respacing;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.verifiers.CallRunner;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.RunSettings;

/**
 * A run of diffusers' {@code DiTPipeline}, from recorded latents {@code (B, C, H, W)} with labels
 * {@code class_labels (B)}: {@code latents (steps, B, C, H, W)} after every step, and {@code image
 * (B, f H, f W, 3)} in 0..1. All latent channels are guided; a learned variance is dropped. The
 * runs have no noise but the start's.
 */
final class PipelineRun implements CallRunner {
  private static final String LATENTS = "latents";
  private static final String IMAGE = "image";

  private final ReferenceBundle bundle;
  private final String name;
  private final Session session;
  private final long nullLabel;
  private final RunSettings settings;
  private final TrainedSchedule trained;
  private final Solver solver;
  private final Optional<LatentDecoder> decoder;

  private PipelineRun(
      ReferenceBundle bundle,
      String name,
      Session session,
      Objective objective,
      long nullLabel,
      Optional<LatentDecoder> decoder) {
    this.bundle = bundle;
    this.name = name;
    this.session = session;
    this.nullLabel = nullLabel;
    this.settings = bundle.run(name);
    this.trained = DiffusersScheduler.trained(objective, settings.scheduler());
    DiffusersScheduler scheduler = DiffusersScheduler.of(settings.scheduler());
    this.solver =
        scheduler.create(trained, SamplingSettings.of(scheduler, Respacing.even(settings.steps())));
    this.decoder = decoder;
  }

  /**
   * A run by its name in the bundle.
   *
   * @param session the running network; stays the caller's
   * @param objective what is said of its training otherwise
   * @param nullLabel its null class
   * @param decoder makes the images; stays the caller's
   * @throws org.canbridge.tensors.files.InputFileException if the bundle does not tell how the run
   *     was made, or its scheduler asks for something that is not followed
   */
  static PipelineRun of(
      ReferenceBundle bundle,
      String run,
      Session session,
      Objective objective,
      long nullLabel,
      Optional<LatentDecoder> decoder) {
    try {
      return new PipelineRun(bundle, run, session, objective, nullLabel, decoder);
    } catch (IllegalArgumentException e) {
      throw bundle.unfollowed(run, String.join("; ", e.getMessage().lines().toList()));
    }
  }

  @Override
  public List<String> values() {
    return decoder.isPresent() ? List.of(LATENTS, IMAGE) : List.of(LATENTS);
  }

  @Override
  public Map<String, TensorData> run(Map<String, TensorData> inputs, List<String> asked) {
    long[] shape = inputs.get(LATENTS).type().shape().stream().mapToLong(Long::longValue).toArray();
    ImageShape image = new ImageShape((int) shape[1], (int) shape[2], (int) shape[3]);
    Latents start = new Latents(image, Tensors.doubles(inputs.get(LATENTS)));
    List<Step> steps = steps(start, Tensors.longs(inputs.get("class_labels")));
    checkTimesteps(steps, Tensors.longs(inputs.get("timesteps")));
    List<Latents> states = steps.stream().map(Step::x).toList();
    Map<String, TensorData> results = new LinkedHashMap<>();
    if (asked.contains(LATENTS)) {
      double[] all =
          states.stream().flatMapToDouble(state -> Arrays.stream(state.values())).toArray();
      results.put(
          LATENTS, MemoryTensor.of(all, states.size(), shape[0], shape[1], shape[2], shape[3]));
    }
    if (asked.contains(IMAGE)) {
      results.put(IMAGE, image(decoder.orElseThrow().decode(states.get(states.size() - 1))));
    }
    return results;
  }

  private List<Step> steps(Latents start, long[] labels) {
    boolean guided = settings.guidanceScale() != 1;
    long[] rows = Arrays.copyOf(labels, guided ? 2 * labels.length : labels.length);
    Arrays.fill(rows, labels.length, rows.length, nullLabel);
    List<Step> steps = new ArrayList<>();
    try (DenoisingNetwork network = new SessionNetwork(session).bind(rows)) {
      Denoiser denoiser =
          new NetworkDenoiser(
              guided
                  ? new GuidedNetwork(network, settings.guidanceScale(), GuidedChannels.ALL)
                  : network,
              trained.prediction());
      NoiseSource none = shape -> new Latents(shape, new double[start.values().length]);
      solver.solve(denoiser, start, none, steps::add);
    }
    return steps;
  }

  /** Settings and latents of two different runs would differ for no fault of the model. */
  private void checkTimesteps(List<Step> steps, long... recorded) {
    List<Long> ours = steps.stream().map(step -> Math.round(step.timestep())).toList();
    List<Long> theirs = Arrays.stream(recorded).boxed().toList();
    if (!ours.equals(theirs)) {
      throw bundle.unfollowed(
          name, "its settings lead through the timesteps " + ours + ", recorded are " + theirs);
    }
  }

  /** Channels last, and -1..1 moved to 0..1. */
  private static TensorData image(Latents decoded) {
    ImageShape shape = decoded.shape();
    float[] values = new float[decoded.values().length];
    for (int at = 0; at < values.length; at++) {
      int row = at / shape.size();
      int channel = at % shape.size() / shape.plane();
      int pixel = at % shape.plane();
      values[row * shape.size() + pixel * shape.channels() + channel] =
          (float) Math.max(0, Math.min(1, decoded.get(at) / 2 + 0.5));
    }
    return MemoryTensor.of(
        values, decoded.batch(), shape.height(), shape.width(), shape.channels());
  }
}
