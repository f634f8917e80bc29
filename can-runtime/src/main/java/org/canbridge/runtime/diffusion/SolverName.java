package org.canbridge.runtime.diffusion;

import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import org.canbridge.runtime.objective.Respacing;
import org.canbridge.tensors.files.Words;

/** The solvers by the names they have on the command line; a new solver is one constant more. */
public enum SolverName implements SolverChoice {
  /** {@link Ddpm}. */
  DDPM(
      "ddpm",
      250,
      SolverName::describeVariance,
      (schedule, settings) ->
          new Ddpm(schedule.respaced(settings.respacing()), settings.options().fixedVariance())),
  /** {@link Ddim}. */
  DDIM(
      "ddim",
      250,
      (options, text) -> text.put("eta", Double.toString(options.eta())),
      (schedule, settings) ->
          new Ddim(schedule.respaced(settings.respacing()), settings.options().eta())),
  /** {@link DpmSolver}, singlestep; order 3 unless told otherwise. */
  DPM_SOLVER(
      "dpm-solver",
      50,
      (options, text) -> describeOrder(options, 3, text),
      (schedule, settings) ->
          schedule.singlestep(order(settings.options(), 3), settings.respacing().plainSteps())),
  /** {@link AdaptiveDpmSolver}; order 3 unless told otherwise, 2 being the least. */
  DPM_SOLVER_ADAPTIVE(
      "dpm-solver-adaptive",
      50,
      (options, text) -> describeOrder(options, 3, text),
      (schedule, settings) -> {
        settings.respacing().plainSteps();
        return schedule.adaptiveDpm(order(settings.options(), 3));
      }),
  /** {@link DpmSolverMultistep} on the data; order 2 unless told otherwise. */
  DPM_SOLVER_PP(
      "dpm-solver++",
      20,
      SolverName::describeOrderAndGrid,
      (schedule, settings) ->
          new DpmSolverMultistep(
              grid(schedule, settings),
              order(settings.options(), 2),
              Integrand.DATA,
              Expansion.DPM_SOLVER,
              DpmSolverMultistep.FinalOrder.LOWERED_WHEN_SHORT)),
  /** {@link UniPc} with bh2 on the data; order 2 unless told otherwise. */
  UNIPC(
      "unipc",
      20,
      SolverName::describeOrderAndGrid,
      (schedule, settings) ->
          UniPc.of(grid(schedule, settings), order(settings.options(), 2), UniPc.Variant.BH2)),
  /** {@link Euler}; on a flow's path {@link PathOde}. */
  EULER("euler", 50, SolverName::describeGrid, ode(PathOde.Method.EULER)),
  /** {@link Heun}; on a flow's path {@link PathOde}. */
  HEUN("heun", 20, SolverName::describeGrid, ode(PathOde.Method.HEUN)),
  /** {@link DormandPrince}, which chooses its steps. */
  DOPRI5(
      "dopri5",
      50,
      SolverName::describeTolerance,
      (schedule, settings) -> {
        settings.respacing().plainSteps();
        return schedule.dormandPrince(settings.options());
      }),
  /** {@link PathSde} with one call a step. */
  SDE_EULER("sde-euler", 250, SolverName::describeDiffusion, sde(PathOde.Method.EULER)),
  /** {@link PathSde} with two calls a step. */
  SDE_HEUN("sde-heun", 250, SolverName::describeDiffusion, sde(PathOde.Method.HEUN));

  private final String text;
  private final int usualSteps;
  private final BiConsumer<SolverOptions, Map<String, String>> description;
  private final BiFunction<TrainedSchedule, SamplingSettings, Solver> solver;

  SolverName(
      String text,
      int usualSteps,
      BiConsumer<SolverOptions, Map<String, String>> description,
      BiFunction<TrainedSchedule, SamplingSettings, Solver> solver) {
    this.text = text;
    this.usualSteps = usualSteps;
    this.description = description;
    this.solver = solver;
  }

  @Override
  public Solver create(TrainedSchedule schedule, SamplingSettings settings) {
    return solver.apply(schedule, settings);
  }

  @Override
  public boolean isAdaptive() {
    return this == DPM_SOLVER_ADAPTIVE || this == DOPRI5;
  }

  @Override
  public void describe(SolverOptions options, Map<String, String> text) {
    description.accept(options, text);
  }

  @Override
  public Respacing usualSteps() {
    return Respacing.even(usualSteps);
  }

  private static BiFunction<TrainedSchedule, SamplingSettings, Solver> ode(PathOde.Method method) {
    return (schedule, settings) ->
        schedule.ode(method, settings.respacing().plainSteps(), settings.options());
  }

  private static BiFunction<TrainedSchedule, SamplingSettings, Solver> sde(PathOde.Method method) {
    return (schedule, settings) ->
        schedule.sde(method, settings.respacing().plainSteps(), settings.options());
  }

  private static int order(SolverOptions options, int usual) {
    return options.order().orElse(usual);
  }

  private static NoiseGrid grid(TrainedSchedule schedule, SamplingSettings settings) {
    return schedule.grid(settings.respacing().plainSteps(), settings.options());
  }

  private static void describeVariance(SolverOptions options, Map<String, String> text) {
    boolean large = options.fixedVariance() == Ddpm.FixedVariance.LARGE;
    text.put("fixed_variance", large ? "large" : "small");
  }

  private static void describeOrder(SolverOptions options, int usual, Map<String, String> text) {
    text.put("order", Integer.toString(order(options, usual)));
  }

  private static void describeOrderAndGrid(SolverOptions options, Map<String, String> text) {
    describeOrder(options, 2, text);
    describeGrid(options, text);
  }

  private static void describeTolerance(SolverOptions options, Map<String, String> text) {
    text.put("atol", Double.toString(options.tolerance().absolute()));
    text.put("rtol", Double.toString(options.tolerance().relative()));
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
        values(), SolverName::toString, text, "there is no sampler '%s'; there are %s");
  }
}
