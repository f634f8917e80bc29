package org.canbridge.runtime.diffusion;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;

/** Our solvers under the settings with which others' were recorded. */
final class PublishedSolvers {
  private static final int TIMESTEPS = 1000;
  private static final int NULL_CLASS = 10;

  private PublishedSolvers() {}

  /** {@code dpm_solver_pp.py} of U-ViT. */
  static Solver uvitLatent(SolverRun run) {
    NoiseSchedule schedule = NoiseSchedule.stableDiffusion().withFirstTimestep(1);
    TimeRange times =
        new TimeRange(new InterpolatedSchedule(schedule), spacing(run, "time_uniform"), 1, 1e-3);
    Integrand integrand =
        run.settings().get("predict_x0").asBoolean() ? Integrand.DATA : Integrand.NOISE;
    Expansion expansion =
        run.text("solver_type", "").equals("taylor") ? Expansion.TAYLOR : Expansion.DPM_SOLVER;
    int order = order(run);
    return switch (run.text("method", "")) {
      case "fast" -> DpmSolver.fast(times, order, run.steps(), integrand, expansion);
      case "singlestep" -> DpmSolver.ofOrder(times, order, run.steps(), integrand, expansion);
      case "multistep" ->
          new DpmSolverMultistep(
              times.grid(run.steps()),
              order,
              integrand,
              expansion,
              DpmSolverMultistep.FinalOrder.KEPT);
      case "adaptive" -> AdaptiveDpmSolver.of(times, order, integrand);
      default -> throw new IllegalArgumentException(run.toString());
    };
  }

  /** {@code dpm_solver_pytorch.py} and {@code sde.py} of U-ViT. */
  static Solver uvitPixel(SolverRun run) {
    LinearVp process = LinearVp.uvit();
    if (run.settings().has("kind")) {
      boolean ode = run.text("kind", "").equals("ODE");
      EulerMaruyama.Kind kind = ode ? EulerMaruyama.Kind.ODE : EulerMaruyama.Kind.SDE;
      return new EulerMaruyama(process, kind, run.steps(), 1e-3);
    }
    TimeRange times = new TimeRange(process, spacing(run, "logSNR"), 1, 1e-4);
    if (run.settings().path("adaptive_step_size").asBoolean()) {
      return AdaptiveDpmSolver.of(times, order(run), Integrand.NOISE);
    }
    if (run.settings().path("fast_version").asBoolean(true)) {
      return DpmSolver.fastInEqualSteps(
          times, 3, run.steps(), Integrand.NOISE, Expansion.DPM_SOLVER);
    }
    return DpmSolver.ofOrder(times, order(run), run.steps(), Integrand.NOISE, Expansion.DPM_SOLVER);
  }

  /** {@code uni_pc.py} of UniPC. */
  static Solver uniPc(SolverRun run) {
    TimeRange times =
        new TimeRange(
            new InterpolatedSchedule(NoiseSchedule.stableDiffusion()),
            spacing(run, "time_uniform"),
            1,
            1e-3);
    boolean noise = run.text("algorithm_type", "").equals("noise_prediction");
    return new UniPc(
        times.grid(run.steps()),
        order(run),
        variant(run.text("variant", "")),
        noise ? Integrand.NOISE : Integrand.DATA,
        true,
        Set.of());
  }

  /** The schedulers of diffusers. */
  static Solver diffusers(SolverRun run) {
    JsonNode config = config(run);
    NoiseSchedule schedule =
        (config.get("beta_schedule").asText().equals("linear")
                ? NoiseSchedule.linear(TIMESTEPS)
                : NoiseSchedule.stableDiffusion())
            .float32();
    TimestepSpacing spacing = TimestepSpacing.parse(config.get("timestep_spacing").asText());
    int offset = config.get("steps_offset").asInt();
    return switch (run.text("scheduler", "")) {
      case "DDIMScheduler" -> {
        boolean clip = config.get("clip_sample").asBoolean();
        yield new Ddim(
            strided(schedule, spacing.oneStep(TIMESTEPS, run.steps(), offset), config),
            run.settings().path("step_arguments").path("eta").asDouble(0),
            clip ? Ddim.Clipping.NOISE_STAYS : Ddim.Clipping.NONE);
      }
      case "DDPMScheduler" -> {
        boolean large = config.get("variance_type").asText().equals("fixed_large");
        yield new Ddpm(
            strided(schedule, spacing.oneStep(TIMESTEPS, run.steps(), offset), config),
            large ? Ddpm.FixedVariance.LARGE : Ddpm.FixedVariance.SMALL,
            config.get("clip_sample").asBoolean());
      }
      case "DPMSolverMultistepScheduler" ->
          dpmSolver(config, grid(run, schedule, spacing.multistep(TIMESTEPS, run.steps(), offset)));
      case "UniPCMultistepScheduler" -> {
        Set<Integer> uncorrected = new HashSet<>();
        config.get("disable_corrector").forEach(step -> uncorrected.add(step.asInt() + 1));
        yield new UniPc(
            grid(run, schedule, spacing.multistep(TIMESTEPS, run.steps(), offset)),
            config.get("solver_order").asInt(),
            variant(config.get("solver_type").asText()),
            config.get("predict_x0").asBoolean() ? Integrand.DATA : Integrand.NOISE,
            true,
            uncorrected);
      }
      default -> throw new IllegalArgumentException(run.toString());
    };
  }

  private static Solver dpmSolver(JsonNode config, NoiseGrid grid) {
    Integrand integrand =
        switch (config.get("algorithm_type").asText()) {
          case "dpmsolver" -> Integrand.NOISE;
          case "dpmsolver++" -> Integrand.DATA;
          case "sde-dpmsolver++" -> Integrand.DATA_SDE;
          default -> throw new IllegalArgumentException(config.toString());
        };
    boolean lower = config.get("lower_order_final").asBoolean();
    return new DpmSolverMultistep(
        grid,
        config.get("solver_order").asInt(),
        integrand,
        config.get("solver_type").asText().equals("heun") ? Expansion.TAYLOR : Expansion.DPM_SOLVER,
        config.get("euler_at_final").asBoolean()
            ? DpmSolverMultistep.FinalOrder.FIRST
            : lower
                ? DpmSolverMultistep.FinalOrder.LOWERED_WHEN_SHORT
                : DpmSolverMultistep.FinalOrder.KEPT);
  }

  private static NoiseSchedule strided(NoiseSchedule schedule, int[] falling, JsonNode config) {
    int[] rising =
        IntStream.range(0, falling.length).map(i -> falling[falling.length - 1 - i]).toArray();
    return schedule.strided(rising, config.path("set_alpha_to_one").asBoolean(true));
  }

  private static NoiseGrid grid(SolverRun run, NoiseSchedule schedule, int[] timesteps) {
    JsonNode config = config(run);
    boolean zero = config.get("final_sigmas_type").asText().equals("zero");
    NoiseGrid.End end = zero ? NoiseGrid.End.CLEAN : NoiseGrid.End.LEAST_NOISY;
    return config.get("use_karras_sigmas").asBoolean()
        ? NoiseGrid.karras(schedule, run.steps(), end)
        : NoiseGrid.ofIndexes(schedule, timesteps, end);
  }

  /** The closed form with the classes of the run, null rows included where it was guided. */
  static DenoisingNetwork closedForm(SolverRun run) {
    boolean learned = config(run).path("variance_type").asText("").equals("learned_range");
    return ClosedForm.network(
        guided(run) ? new long[] {3, 7, NULL_CLASS, NULL_CLASS} : new long[run.batch()], learned);
  }

  /** Noise as the network gives it. */
  static Denoiser plainDenoiser(SolverRun run, DenoisingNetwork network) {
    return new EpsilonDenoiser(network);
  }

  /** The same with U-ViT's guidance and with dynamic thresholding, where the run had them. */
  static Denoiser uvitLatentDenoiser(SolverRun run, DenoisingNetwork network) {
    Denoiser denoiser = new EpsilonDenoiser(network);
    if (guided(run)) {
      double scale = GuidanceForm.ADDED.scale(run.settings().get("cfg_scale").asDouble());
      denoiser = new ClassifierFreeGuidance(denoiser, scale, GuidedChannels.ALL);
    }
    return thresholded(run, denoiser);
  }

  /** What the configured prediction type stands for. */
  static Denoiser diffusersDenoiser(SolverRun run, DenoisingNetwork network) {
    return new EpsilonDenoiser(network, parameterization(run));
  }

  /** The recorded outputs, which were recorded after guidance. */
  static Denoiser replayed(SolverRun run) {
    return thresholded(run, new EpsilonDenoiser(run.recorded(), parameterization(run)));
  }

  private static Denoiser thresholded(SolverRun run, Denoiser denoiser) {
    return run.settings().path("thresholding").asBoolean()
        ? Thresholding.dynamic(denoiser, 0.995)
        : denoiser;
  }

  private static boolean guided(SolverRun run) {
    return run.settings().hasNonNull("cfg_scale");
  }

  private static Parameterization parameterization(SolverRun run) {
    return Parameterization.parse(config(run).path("prediction_type").asText("epsilon"));
  }

  private static JsonNode config(SolverRun run) {
    return run.settings().path("scheduler_config");
  }

  private static int order(SolverRun run) {
    return run.settings().get("order").asInt();
  }

  private static UniPc.Variant variant(String name) {
    return UniPc.Variant.valueOf(name.toUpperCase(Locale.ROOT));
  }

  /** U-ViT's {@code t2} is another name of {@code time_quadratic}. */
  private static TimeSpacing spacing(SolverRun run, String otherwise) {
    String name = run.text("skip_type", otherwise);
    return Arrays.stream(TimeSpacing.values())
        .filter(each -> each.toString().equals(name.equals("t2") ? "time_quadratic" : name))
        .findFirst()
        .orElseThrow();
  }
}
