package org.canbridge.runtime.diffusion;

import java.util.List;
import java.util.Map;
import org.apiguardian.api.API;
import org.canbridge.runtime.objective.Respacing;
import org.canbridge.tensors.files.Words;

/** The solvers by the names they have on the command line. */
@API(status = API.Status.STABLE)
public enum SolverName implements SolverChoice {
  /** {@link Ddpm}. */
  DDPM("ddpm", 250),
  /** {@link Ddim}. */
  DDIM("ddim", 250),
  /** {@link DpmSolver}, singlestep; order 3 unless told otherwise. */
  DPM_SOLVER("dpm-solver", 50),
  /** {@link AdaptiveDpmSolver}; order 3 unless told otherwise, 2 being the least. */
  DPM_SOLVER_ADAPTIVE("dpm-solver-adaptive", 50),
  /** {@link DpmSolverMultistep} on the data; order 2 unless told otherwise. */
  DPM_SOLVER_PP("dpm-solver++", 20),
  /** {@link UniPc} with bh2 on the data; order 2 unless told otherwise. */
  UNIPC("unipc", 20),
  /** {@link Euler}; on a flow's path {@link PathOde}. */
  EULER("euler", 50),
  /** {@link Heun}; on a flow's path {@link PathOde}. */
  HEUN("heun", 20),
  /** {@link DormandPrince}, which chooses its steps. */
  DOPRI5("dopri5", 50),
  /** {@link PathSde} with one call a step. */
  SDE_EULER("sde-euler", 250),
  /** {@link PathSde} with two calls a step. */
  SDE_HEUN("sde-heun", 250);

  private final String text;
  private final int usualSteps;

  SolverName(String text, int usualSteps) {
    this.text = text;
    this.usualSteps = usualSteps;
  }

  @Override
  public Solver create(TrainedSchedule schedule, SamplingSettings settings) {
    SolverOptions options = settings.options();
    Respacing steps = settings.respacing();
    return switch (this) {
      case DDPM -> new Ddpm(schedule.respaced(steps), options.fixedVariance());
      case DDIM -> new Ddim(schedule.respaced(steps), options.eta());
      case DPM_SOLVER -> schedule.singlestep(order(options), steps.plainSteps());
      case DPM_SOLVER_ADAPTIVE -> {
        steps.plainSteps();
        yield schedule.adaptiveDpm(order(options));
      }
      case DPM_SOLVER_PP ->
          new DpmSolverMultistep(
              schedule.grid(steps.plainSteps(), options),
              order(options),
              Integrand.DATA,
              Expansion.DPM_SOLVER,
              DpmSolverMultistep.FinalOrder.LOWERED_WHEN_SHORT);
      case UNIPC ->
          UniPc.of(schedule.grid(steps.plainSteps(), options), order(options), UniPc.Variant.BH2);
      case EULER -> schedule.ode(PathOde.Method.EULER, steps.plainSteps(), options);
      case HEUN -> schedule.ode(PathOde.Method.HEUN, steps.plainSteps(), options);
      case DOPRI5 -> {
        steps.plainSteps();
        yield schedule.dormandPrince(options);
      }
      case SDE_EULER -> schedule.sde(PathOde.Method.EULER, steps.plainSteps(), options);
      case SDE_HEUN -> schedule.sde(PathOde.Method.HEUN, steps.plainSteps(), options);
    };
  }

  @Override
  public boolean isAdaptive() {
    return this == DPM_SOLVER_ADAPTIVE || this == DOPRI5;
  }

  @Override
  public void describe(SolverOptions options, Map<String, String> text) {
    switch (this) {
      case DDPM -> {
        boolean large = options.fixedVariance() == Ddpm.FixedVariance.LARGE;
        text.put("fixed_variance", large ? "large" : "small");
      }
      case DDIM -> text.put("eta", Double.toString(options.eta()));
      case DPM_SOLVER, DPM_SOLVER_ADAPTIVE -> text.put("order", Integer.toString(order(options)));
      case DPM_SOLVER_PP, UNIPC -> {
        text.put("order", Integer.toString(order(options)));
        describeGrid(options, text);
      }
      case EULER, HEUN -> describeGrid(options, text);
      case DOPRI5 -> {
        text.put("atol", Double.toString(options.tolerance().absolute()));
        text.put("rtol", Double.toString(options.tolerance().relative()));
      }
      case SDE_EULER, SDE_HEUN -> describeDiffusion(options, text);
    }
  }

  @Override
  public Respacing usualSteps() {
    return Respacing.even(usualSteps);
  }

  private int order(SolverOptions options) {
    return options.order().orElse(this == DPM_SOLVER || this == DPM_SOLVER_ADAPTIVE ? 3 : 2);
  }

  private static void describeGrid(SolverOptions options, Map<String, String> text) {
    text.put("spacing", options.karras() ? "karras" : options.spacing().toString());
  }

  private static void describeDiffusion(SolverOptions options, Map<String, String> text) {
    SdeSettings diffusion = options.diffusion();
    text.put("diffusion", diffusion.form().toString());
    text.put("diffusion_norm", Double.toString(diffusion.norm()));
    text.put("last_step", diffusion.last().toString());
    if (diffusion.last() != LastStep.NONE) {
      text.put("last_step_size", Double.toString(diffusion.lastSize()));
    }
  }

  /** What other programs call it: answered with its name, not read as such. */
  private List<String> elsewhere() {
    return switch (this) {
      case DPM_SOLVER -> List.of("dpm");
      case DPM_SOLVER_PP -> List.of("dpm++", "dpmpp", "dpm-solver-pp", "dpm-solver-multistep");
      case EULER -> List.of("k-euler");
      case HEUN -> List.of("k-heun");
      case DOPRI5 -> List.of("ode", "rk45", "dormand-prince");
      case SDE_EULER -> List.of("sde", "euler-maruyama");
      default -> List.of();
    };
  }

  /** The names of all solvers, separated by {@code separator}. */
  public static String names(String separator) {
    return Words.list(values(), SolverName::toString, separator);
  }

  /** The name on the command line. */
  @Override
  public String toString() {
    return text;
  }

  /**
   * The constant of this name.
   *
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  public static SolverName parse(String text) {
    return Words.constant(
        values(),
        SolverName::toString,
        SolverName::elsewhere,
        text,
        "there is no sampler '%s'; there are %s");
  }
}
