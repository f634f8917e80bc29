package org.canbridge.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.canbridge.importers.family.GuidedChannels;
import org.canbridge.runtime.bulk.SamplingRequest;
import org.canbridge.runtime.bulk.Spacing;
import org.canbridge.runtime.diffusion.DiffusersScheduler;
import org.canbridge.runtime.diffusion.DiffusionForm;
import org.canbridge.runtime.diffusion.GuidanceForm;
import org.canbridge.runtime.diffusion.GuidanceInterval;
import org.canbridge.runtime.diffusion.LastStep;
import org.canbridge.runtime.diffusion.OdeTolerance;
import org.canbridge.runtime.diffusion.SdeSettings;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.objective.Respacing;

/** The options that say how images are drawn. */
final class SamplingOptions {
  private static final Opt<Optional<SolverName>> SAMPLER =
      Opt.of("sampler", "NAME", Value.parsed(SolverName::parse, SamplingOptions::solvers))
          .elsewhere("method", "sampling-method", "solver", "scheduler-type")
          .usually(
              "that of the scheduler's configuration; else ddpm, in continuous time dpm-solver, for"
                  + " flows heun")
          .help("the solver: " + SolverName.names(", "));
  static final Opt<Optional<Path>> SCHEDULER =
      Opt.path("scheduler", "FILE")
          .usually("a pipeline folder's own")
          .help(
              "a scheduler_config.json of diffusers ("
                  + DiffusersScheduler.names()
                  + "): the schedule that the model was trained on, and the solver unless"
                  + " --sampler is given");
  private static final Opt<Optional<Respacing>> STEPS =
      Opt.of("steps", "N", Value.parsed(Respacing::parse))
          .alias("num-sampling-steps")
          .elsewhere("num-inference-steps", "num-steps", "nfe", "timesteps")
          .usually("250 for these and sde-*, 50 for dpm-solver and euler, 20 for the others")
          .help("steps (dpm-solver: calls), or a respacing such as ddim50 for ddpm and ddim");
  private static final Opt<Optional<Integer>> ORDER =
      Opt.integer("order", 1, 3)
          .metavar("1|2|3")
          .usually("3 for dpm-solver, 2 for dpm-solver++ and unipc")
          .help("order of these solvers");
  private static final Opt<Optional<Spacing>> SPACING =
      Opt.of("spacing", "NAME", Value.parsed(Spacing::parse))
          .usually("linspace, or what the scheduler's configuration says")
          .help(
              "timesteps of dpm-solver++, unipc, euler, heun and diffusers' schedulers: linspace,"
                  + " leading, trailing, or the noise levels of karras");
  private static final Opt<Double> ETA =
      Opt.number("eta", 0, 1).defaultsTo(0.0).help("noise of ddim, 0 to 1");
  private static final Opt<Double> ATOL =
      Opt.number("atol", Double.MIN_NORMAL, 1)
          .defaultsTo(OdeTolerance.USUAL.absolute())
          .help("absolute tolerance of dopri5");
  private static final Opt<Double> RTOL =
      Opt.number("rtol", Double.MIN_NORMAL, 1)
          .defaultsTo(OdeTolerance.USUAL.relative())
          .help("relative tolerance of dopri5");
  private static final Opt<DiffusionForm> DIFFUSION =
      Opt.word("diffusion", List.of(DiffusionForm.values()), DiffusionForm::toString)
          .defaultsTo(SdeSettings.USUAL.form())
          .help("noise that sde-euler and sde-heun replace at each time");
  private static final Opt<Double> DIFFUSION_NORM =
      Opt.number("diffusion-norm", Double.MIN_NORMAL, 1e6)
          .defaultsTo(SdeSettings.USUAL.norm())
          .help("scale of that");
  private static final Opt<LastStep> LAST_STEP =
      Opt.word("last-step", List.of(LastStep.values()), LastStep::toString)
          .defaultsTo(SdeSettings.USUAL.last())
          .help("how they end");
  private static final Opt<Double> LAST_STEP_SIZE =
      Opt.number("last-step-size", Double.MIN_NORMAL, Math.nextDown(1.0))
          .defaultsTo(SdeSettings.USUAL.lastSize())
          .help("length of that step, of 1");
  private static final Opt<Optional<Double>> CFG =
      Opt.number("cfg", -1e6, 1e6)
          .metavar("S")
          .alias("cfg-scale")
          .elsewhere("guidance-scale", "guidance", "scale", "sample-scale")
          .usually("4 for DiT, 1.4 for U-ViT")
          .help("scale of classifier-free guidance, 1 for none");
  private static final Opt<Optional<GuidanceForm>> CFG_FORM =
      Opt.word("cfg-form", List.of(GuidanceForm.values()), GuidanceForm::toString)
          .usually("interpolated")
          .help("what S means: null + S (cond - null), or U-ViT's cond + S (cond - null)");
  private static final Opt<Optional<GuidanceInterval>> CFG_INTERVAL =
      Opt.of("cfg-interval", "LOW,HIGH", SamplingOptions::interval)
          .usually("all")
          .help("noise over signal between which guidance acts");
  private static final Opt<Optional<GuidedChannels>> CFG_CHANNELS =
      Opt.word("cfg-channels", List.of(GuidedChannels.values()), GuidedChannels::toString)
          .usually("the model's own, all unless --objective says otherwise")
          .help("channels that are guided; first-three is what DiT's own code does");
  private static final Opt<Boolean> CLIP =
      Opt.flag("clip").help("limit the estimate of the image to -1..1 at each step");
  private static final Opt<Long> SEED =
      Opt.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE)
          .elsewhere("global-seed", "random-seed")
          .defaultsTo(0L)
          .help("seed of all noise");

  static final OptionGroup GROUP =
      new OptionGroup(
          "sampling",
          List.of(
              SAMPLER,
              SCHEDULER,
              STEPS,
              ORDER,
              SPACING,
              ETA,
              ATOL,
              RTOL,
              DIFFUSION,
              DIFFUSION_NORM,
              LAST_STEP,
              LAST_STEP_SIZE,
              CFG,
              CFG_FORM,
              CFG_INTERVAL,
              CFG_CHANNELS,
              CLIP,
              SEED));

  private SamplingOptions() {}

  /** Reads them. */
  static SamplingRequest read(Invocation invocation) throws UsageException {
    Optional<Double> scale = invocation.get(CFG);
    Optional<GuidanceForm> form = invocation.get(CFG_FORM);
    if (form.isPresent() && scale.isEmpty()) {
      throw new UsageException("--cfg-form says what --cfg means, which is missing");
    }
    return new SamplingRequest(
        invocation.get(SAMPLER),
        invocation.get(STEPS),
        invocation.get(ORDER),
        invocation.get(SPACING),
        invocation.get(ETA),
        new OdeTolerance(invocation.get(ATOL), invocation.get(RTOL)),
        new SdeSettings(
            invocation.get(DIFFUSION),
            invocation.get(DIFFUSION_NORM),
            invocation.get(LAST_STEP),
            invocation.get(LAST_STEP_SIZE)),
        scale.map(form.orElse(GuidanceForm.INTERPOLATED)::scale),
        invocation.get(CFG_CHANNELS),
        invocation.get(CFG_INTERVAL).orElse(GuidanceInterval.ALWAYS),
        invocation.get(CLIP),
        invocation.get(SEED));
  }

  private static List<String> solvers() {
    return Arrays.stream(SolverName.values()).map(SolverName::toString).toList();
  }

  private static GuidanceInterval interval(String name, String text) throws UsageException {
    List<Double> ends = new ArrayList<>();
    for (String end : text.split(",", -1)) {
      try {
        ends.add(Double.valueOf(end));
      } catch (NumberFormatException e) {
        break; // a wrong count, too
      }
    }
    if (ends.size() != 2) {
      throw new UsageException(name + " is '" + text + "', but must be two numbers such as 0.3,3");
    }
    return Value.parsed(t -> new GuidanceInterval(ends.get(0), ends.get(1))).read(name, text);
  }
}
