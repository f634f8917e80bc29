package org.canbridge.runtime.bulk;

import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Objects;
import java.util.Optional;
import org.canbridge.importers.family.GuidedChannels;
import org.canbridge.importers.published.SchedulerFile;
import org.canbridge.runtime.ModelSampler;
import org.canbridge.runtime.diffusion.DiffusersScheduler;
import org.canbridge.runtime.diffusion.DiffusionForm;
import org.canbridge.runtime.diffusion.Guidance;
import org.canbridge.runtime.diffusion.GuidanceInterval;
import org.canbridge.runtime.diffusion.LastStep;
import org.canbridge.runtime.diffusion.OdeTolerance;
import org.canbridge.runtime.diffusion.Sampler;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.SdeSettings;
import org.canbridge.runtime.diffusion.SolverChoice;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.diffusion.SolverOptions;
import org.canbridge.runtime.diffusion.TimestepSpacing;
import org.canbridge.runtime.objective.Respacing;
import org.canbridge.tensors.files.Json;
import org.canbridge.tensors.files.JsonFields;

/**
 * How somebody wants images to be drawn, before it is known of which model: what is left open here
 * is settled by the model and its scheduler.
 *
 * @param sampler the solver; else the one that the scheduler's configuration describes, or {@link
 *     Sampler#usualSolver}
 * @param steps how many, else as many as people take with the solver
 * @param order of solvers that have one
 * @param spacing of noise levels
 * @param eta noise of DDIM, 0..1
 * @param tolerance of adaptive solvers
 * @param sde noise of stochastic runs in continuous time
 * @param scale of guidance, 1 being none; else that of the model's authors
 * @param channels that are guided, else those that the model usually has guided
 * @param interval noise levels at which guidance acts
 * @param clip whether the estimate of the clean image is limited to -1..1
 * @param seed of all noise
 */
public record SamplingRequest(
    Optional<SolverName> sampler,
    Optional<Respacing> steps,
    Optional<Integer> order,
    Optional<Spacing> spacing,
    double eta,
    OdeTolerance tolerance,
    SdeSettings sde,
    Optional<Double> scale,
    Optional<GuidedChannels> channels,
    GuidanceInterval interval,
    boolean clip,
    long seed) {

  /** Refuses null. */
  public SamplingRequest {
    Objects.requireNonNull(channels);
    Objects.requireNonNull(interval);
  }

  /**
   * The settings for a model.
   *
   * @param scheduler tells the solver unless {@link #sampler} does
   * @throws IllegalArgumentException if they do not go with the model
   * @throws org.canbridge.tensors.files.InputFileException if the scheduler is not followed here
   */
  public SamplingSettings settings(ModelSampler model, Optional<SchedulerFile> scheduler) {
    SolverChoice solver = solver(model, scheduler);
    SolverOptions options =
        SolverOptions.DEFAULTS.withEta(eta).withTolerance(tolerance).withDiffusion(sde);
    options = order.map(options::withOrder).orElse(options);
    if (spacing.isPresent()) {
      Optional<TimestepSpacing> timesteps = spacing.get().timesteps();
      options = timesteps.map(options::withSpacing).orElse(options.withKarras(true));
    }
    Guidance usual = model.usualGuidance();
    SamplingSettings settings =
        SamplingSettings.of(solver, steps.orElseGet(solver::usualSteps))
            .withOptions(options)
            .withGuidance(
                new Guidance(
                    scale.orElse(usual.scale()), channels.orElse(usual.channels()), interval))
            .withClipDenoised(clip)
            .withSeed(seed);
    model.sampler().check(settings);
    return settings;
  }

  private SolverChoice solver(ModelSampler model, Optional<SchedulerFile> scheduler) {
    if (sampler.isPresent() || scheduler.isEmpty()) {
      return sampler.orElse(model.sampler().usualSolver());
    }
    SchedulerFile file = scheduler.get();
    if (order.isPresent()) {
      file = file.with("solver_order", IntNode.valueOf(order.get()));
    }
    if (spacing.isPresent()) {
      Optional<TimestepSpacing> timesteps = spacing.get().timesteps();
      file = file.with("use_karras_sigmas", BooleanNode.valueOf(timesteps.isEmpty()));
      if (timesteps.isPresent()) {
        file = file.with("timestep_spacing", TextNode.valueOf(timesteps.get().toString()));
      }
    }
    return DiffusersScheduler.of(file);
  }

  /** All fields that are settled. */
  ObjectNode toJson() {
    ObjectNode json = Json.object();
    sampler.ifPresent(value -> json.put("sampler", value.toString()));
    steps.ifPresent(value -> json.put("steps", value.toString()));
    order.ifPresent(value -> json.put("order", value));
    spacing.ifPresent(value -> json.put("spacing", value.toString()));
    json.put("eta", eta);
    if (!tolerance.equals(OdeTolerance.USUAL)) {
      json.put("atol", tolerance.absolute()).put("rtol", tolerance.relative());
    }
    if (!sde.equals(SdeSettings.USUAL)) {
      json.put("diffusion", sde.form().toString())
          .put("diffusion_norm", sde.norm())
          .put("last_step", sde.last().toString())
          .put("last_step_size", sde.lastSize());
    }
    scale.ifPresent(value -> json.put("guidance", value));
    channels.ifPresent(value -> json.put("guidance_channels", value.toString()));
    if (interval.low() > 0) {
      json.put("guidance_low", interval.low());
    }
    if (Double.isFinite(interval.high())) {
      json.put("guidance_high", interval.high());
    }
    json.put("clip", clip);
    json.put("seed", seed);
    return json;
  }

  static SamplingRequest read(JsonFields fields) {
    double low = fields.number("guidance_low", 0, Double.MAX_VALUE).orElse(0.0);
    return new SamplingRequest(
        fields.parsed("sampler", SolverName::parse),
        fields.parsed("steps", Respacing::parse),
        fields.integer("order", 1, 3),
        fields.parsed("spacing", Spacing::parse),
        fields.number("eta", 0, 1).orElse(0.0),
        new OdeTolerance(
            fields.number("atol", Double.MIN_NORMAL, 1).orElse(OdeTolerance.USUAL.absolute()),
            fields.number("rtol", Double.MIN_NORMAL, 1).orElse(OdeTolerance.USUAL.relative())),
        new SdeSettings(
            fields.parsed("diffusion", DiffusionForm::parse).orElse(SdeSettings.USUAL.form()),
            fields
                .number("diffusion_norm", Double.MIN_NORMAL, 1e6)
                .orElse(SdeSettings.USUAL.norm()),
            fields.parsed("last_step", LastStep::parse).orElse(SdeSettings.USUAL.last()),
            fields
                .number("last_step_size", Double.MIN_NORMAL, Math.nextDown(1.0))
                .orElse(SdeSettings.USUAL.lastSize())),
        fields.number("guidance"),
        fields.parsed("guidance_channels", GuidedChannels::parse),
        fields
            .number("guidance_high", Math.nextUp(low), Double.MAX_VALUE)
            .map(high -> new GuidanceInterval(low, high))
            .orElse(new GuidanceInterval(low, Double.POSITIVE_INFINITY)),
        fields.flag("clip").orElse(false),
        fields.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE).orElse(0L));
  }
}
