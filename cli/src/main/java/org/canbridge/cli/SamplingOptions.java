package org.canbridge.cli;

import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.apache.commons.cli.Options;
import org.canbridge.runtime.ModelSampler;
import org.canbridge.runtime.SchedulerFile;
import org.canbridge.runtime.diffusion.DiffusersScheduler;
import org.canbridge.runtime.diffusion.Guidance;
import org.canbridge.runtime.diffusion.GuidanceForm;
import org.canbridge.runtime.diffusion.GuidanceInterval;
import org.canbridge.runtime.diffusion.GuidedChannels;
import org.canbridge.runtime.diffusion.Respacing;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.SolverChoice;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.diffusion.SolverOptions;
import org.canbridge.runtime.diffusion.TimestepSpacing;

/**
 * The options that say how images are drawn.
 *
 * @param settings all of them, with no guidance where no scale was given
 * @param scale the guidance scale that was given
 */
record SamplingOptions(SamplingSettings settings, OptionalDouble scale) {
  private static final String KARRAS = "karras";

  /** Adds them. */
  static Options addTo(Options options) {
    return options
        .addOption(
            CommonOptions.value(
                "sampler",
                SolverName.names("|"),
                "the solver; that of the scheduler's configuration, or ddpm if there is none"))
        .addOption(
            CommonOptions.value(
                "scheduler",
                "FILE",
                "a scheduler_config.json of diffusers ("
                    + DiffusersScheduler.names()
                    + "): the schedule that the model was trained on, and the solver unless"
                    + " --sampler is given; a pipeline folder's own"))
        .addOption(
            CommonOptions.value(
                "steps",
                "N",
                "steps (dpm-solver: calls), or a respacing such as ddim50 for ddpm and ddim; 250"
                    + " for these two, 50 for dpm-solver and euler, 20 for the others"))
        .addOption(
            CommonOptions.value(
                "order", "1|2|3", "of dpm-solver (3), dpm-solver++ (2) and unipc (2)"))
        .addOption(
            CommonOptions.value(
                "spacing",
                "linspace|leading|trailing|karras",
                "timesteps of dpm-solver++, unipc, euler, heun and diffusers' schedulers; linspace,"
                    + " or what the scheduler's configuration says"))
        .addOption(CommonOptions.value("eta", "X", "noise of ddim, 0..1; 0"))
        .addOption(
            CommonOptions.value(
                "cfg",
                "S",
                "scale of classifier-free guidance, 1 for none; 4 for DiT, 1.4 for U-ViT"))
        .addOption(
            CommonOptions.value(
                "cfg-form",
                "interpolated|added",
                "what S means: null + S (cond - null), or U-ViT's cond + S (cond - null);"
                    + " interpolated"))
        .addOption(
            CommonOptions.value(
                "cfg-interval", "LOW,HIGH", "noise over signal between which guidance acts; all"))
        .addOption(
            CommonOptions.value(
                "cfg-channels",
                "all|first-three",
                "channels that are guided; first-three is what DiT's own code does; all"))
        .addOption(
            CommonOptions.flag("clip", "limit the estimate of the image to -1..1 at each step"))
        .addOption(CommonOptions.value("seed", "N", "seed of all noise; 0"));
  }

  /**
   * Reads them.
   *
   * @param scheduler the configuration that tells the solver unless there is a {@code --sampler}
   */
  static SamplingOptions read(Invocation invocation, Optional<SchedulerFile> scheduler)
      throws UsageException {
    try {
      SolverChoice solver = solver(invocation, scheduler);
      Optional<String> steps = invocation.text("steps");
      Respacing respacing = steps.isPresent() ? Respacing.parse(steps.get()) : solver.usualSteps();
      OptionalDouble scale = invocation.number("cfg", -1e6, 1e6);
      Optional<String> form = invocation.text("cfg-form");
      if (form.isPresent()) {
        if (scale.isEmpty()) {
          throw new UsageException("--cfg-form says what --cfg means, which is missing");
        }
        scale = OptionalDouble.of(GuidanceForm.parse(form.get()).scale(scale.getAsDouble()));
      }
      SamplingSettings settings =
          SamplingSettings.of(solver, respacing)
              .withOptions(solverOptions(invocation))
              .withGuidance(guidance(invocation).withScale(scale.orElse(1)))
              .withClipDenoised(invocation.flag("clip"))
              .withSeed(invocation.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE).orElse(0));
      return new SamplingOptions(settings, scale);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private static SolverChoice solver(Invocation invocation, Optional<SchedulerFile> scheduler)
      throws UsageException {
    Optional<String> name = invocation.text("sampler");
    if (name.isPresent() || scheduler.isEmpty()) {
      return SolverName.parse(name.orElse(SolverName.DDPM.toString()));
    }
    SchedulerFile file = scheduler.get();
    OptionalInt order = invocation.integer("order", 1, 3);
    if (order.isPresent()) {
      file = file.with("solver_order", IntNode.valueOf(order.getAsInt()));
    }
    Optional<String> spacing = invocation.text("spacing");
    if (spacing.isPresent()) {
      boolean karras = spacing.get().equals(KARRAS);
      file = file.with("use_karras_sigmas", BooleanNode.valueOf(karras));
      if (!karras) {
        String word = TimestepSpacing.parse(spacing.get()).toString();
        file = file.with("timestep_spacing", TextNode.valueOf(word));
      }
    }
    return file.scheduler();
  }

  /**
   * The settings for a model: where no scale was given, the one of its authors' scripts.
   *
   * @throws UsageException if they do not go with the model
   */
  SamplingSettings of(ModelSampler sampler) throws UsageException {
    SamplingSettings complete =
        scale.isPresent() ? settings : settings.withGuidance(sampler.usualGuidance());
    try {
      sampler.sampler().check(complete);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
    return complete;
  }

  private static SolverOptions solverOptions(Invocation invocation) throws UsageException {
    SolverOptions options =
        SolverOptions.DEFAULTS.withEta(invocation.number("eta", 0, 1).orElse(0));
    OptionalInt order = invocation.integer("order", 1, 3);
    if (order.isPresent()) {
      options = options.withOrder(order.getAsInt());
    }
    String spacing = invocation.text("spacing").orElse(TimestepSpacing.LINSPACE.toString());
    return spacing.equals(KARRAS)
        ? options.withKarras(true)
        : options.withSpacing(TimestepSpacing.parse(spacing));
  }

  private static Guidance guidance(Invocation invocation) throws UsageException {
    Guidance guidance = Guidance.NONE;
    Optional<String> channels = invocation.text("cfg-channels");
    if (channels.isPresent()) {
      guidance = guidance.withChannels(GuidedChannels.parse(channels.get()));
    }
    Optional<String> interval = invocation.text("cfg-interval");
    return interval.isPresent() ? guidance.withInterval(interval(interval.get())) : guidance;
  }

  private static GuidanceInterval interval(String text) throws UsageException {
    List<String> ends = List.of(text.split(",", -1));
    try {
      if (ends.size() == 2) {
        return new GuidanceInterval(
            Double.parseDouble(ends.get(0)), Double.parseDouble(ends.get(1)));
      }
    } catch (NumberFormatException e) {
      // said below, together with a wrong count
    }
    throw new UsageException(
        "--cfg-interval is '" + text + "', but must be two numbers such as 0.3,3");
  }
}
