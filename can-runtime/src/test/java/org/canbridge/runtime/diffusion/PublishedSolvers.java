package org.canbridge.runtime.diffusion;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import org.canbridge.importers.family.GuidedChannels;
import org.canbridge.runtime.objective.InterpolatedSchedule;
import org.canbridge.runtime.objective.NoisePath;
import org.canbridge.runtime.objective.NoiseSchedule;
import org.canbridge.runtime.objective.Parameterization;
import org.canbridge.runtime.objective.Respacing;

/** Our solvers under the settings with which others' were recorded. */
final class PublishedSolvers {
  private static final int NULL_CLASS = 10;

  private PublishedSolvers() {}

  /** {@code dpm_solver_pp.py} of U-ViT. */
  static Solver uvitLatent(SolverRun run) {
    NoiseSchedule schedule = PublishedSchedules.stableDiffusion().withFirstTimestep(1);
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
    NoisePath process = PublishedSchedules.uvitPixel().path();
    if (run.settings().has("kind")) {
      boolean ode = run.text("kind", "").equals("ODE");
      if (ode) {
        double[] equal = TimeSpacing.TIME_UNIFORM.times(process, 1, 1e-3, run.steps() - 1);
        return new PathOde(process, Arrays.copyOf(equal, run.steps() + 1), PathOde.Method.EULER);
      }
      SdeSettings reverse = new SdeSettings(DiffusionForm.SBDM, 1, LastStep.MEAN, 1e-3);
      return new PathSde(process, 1, 1e-3, run.steps(), PathOde.Method.EULER, reverse);
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
            new InterpolatedSchedule(PublishedSchedules.stableDiffusion()),
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

  /** The configuration of a run of diffusers with its class, as it stands in a file. */
  static ObjectNode scheduler(SolverRun run) {
    return ((ObjectNode) config(run)).deepCopy().put("_class_name", run.text("scheduler", ""));
  }

  /** The schedulers of diffusers. */
  static Solver diffusers(SolverRun run) {
    ObjectNode config = scheduler(run);
    DiffusersScheduler scheduler = DiffusersScheduler.of(config);
    double eta = run.settings().path("step_arguments").path("eta").asDouble(0);
    return scheduler.create(
        PublishedSchedules.trained(config),
        SamplingSettings.of(scheduler, Respacing.even(run.steps()))
            .withOptions(SolverOptions.DEFAULTS.withEta(eta)));
  }

  /** The closed form with the classes of the run, null rows included where it was guided. */
  static DenoisingNetwork closedForm(SolverRun run) {
    boolean learned = config(run).path("variance_type").asText("").equals("learned_range");
    return ClosedForm.network(
        guided(run) ? new long[] {3, 7, NULL_CLASS, NULL_CLASS} : new long[run.batch()], learned);
  }

  /** Noise as the network gives it. */
  static Denoiser plainDenoiser(SolverRun run, DenoisingNetwork network) {
    return new NetworkDenoiser(network, Parameterization.EPSILON);
  }

  /** The same with U-ViT's guidance and with dynamic thresholding, where the run had them. */
  static Denoiser uvitLatentDenoiser(SolverRun run, DenoisingNetwork network) {
    DenoisingNetwork guided = network;
    if (guided(run)) {
      double scale = GuidanceForm.ADDED.scale(run.settings().get("cfg_scale").asDouble());
      guided = new GuidedNetwork(network, scale, GuidedChannels.ALL);
    }
    return thresholded(run, new NetworkDenoiser(guided, Parameterization.EPSILON));
  }

  /** What the configured prediction type stands for. */
  static Denoiser diffusersDenoiser(SolverRun run, DenoisingNetwork network) {
    return new NetworkDenoiser(network, PublishedSchedules.trained(scheduler(run)).prediction());
  }

  /** The recorded outputs, which were recorded after guidance. */
  static Denoiser replayed(SolverRun run) {
    return thresholded(run, new NetworkDenoiser(run.recorded(), parameterization(run)));
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
    return config(run).isMissingNode()
        ? Parameterization.EPSILON
        : PublishedSchedules.trained(scheduler(run)).prediction();
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
