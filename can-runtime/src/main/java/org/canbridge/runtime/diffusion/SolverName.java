package org.canbridge.runtime.diffusion;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.canbridge.runtime.objective.Respacing;

/** The solvers by the names they have on the command line; a new solver is one constant more. */
public enum SolverName implements SolverChoice {
  /** {@link Ddpm}. */
  DDPM("ddpm") {
    @Override
    public Solver create(TrainedSchedule schedule, SamplingSettings settings) {
      return new Ddpm(schedule.respaced(settings.respacing()), settings.options().fixedVariance());
    }

    @Override
    public void describe(SolverOptions options, Map<String, String> text) {
      boolean large = options.fixedVariance() == Ddpm.FixedVariance.LARGE;
      text.put("fixed_variance", large ? "large" : "small");
    }
  },
  /** {@link Ddim}. */
  DDIM("ddim") {
    @Override
    public Solver create(TrainedSchedule schedule, SamplingSettings settings) {
      return new Ddim(schedule.respaced(settings.respacing()), settings.options().eta());
    }

    @Override
    public void describe(SolverOptions options, Map<String, String> text) {
      text.put("eta", Double.toString(options.eta()));
    }
  },
  /** {@link DpmSolver}, singlestep; order 3 unless told otherwise. */
  DPM_SOLVER("dpm-solver") {
    @Override
    public Solver create(TrainedSchedule schedule, SamplingSettings settings) {
      return schedule.singlestep(order(settings.options()), settings.respacing().plainSteps());
    }

    @Override
    int order(SolverOptions options) {
      return options.order().orElse(3);
    }

    @Override
    public void describe(SolverOptions options, Map<String, String> text) {
      text.put("order", Integer.toString(order(options)));
    }
  },
  /** {@link AdaptiveDpmSolver}; order 3 unless told otherwise, 2 being the least. */
  DPM_SOLVER_ADAPTIVE("dpm-solver-adaptive") {
    @Override
    public Solver create(TrainedSchedule schedule, SamplingSettings settings) {
      settings.respacing().plainSteps();
      return schedule.adaptiveDpm(order(settings.options()));
    }

    @Override
    public boolean isAdaptive() {
      return true;
    }

    @Override
    int order(SolverOptions options) {
      return options.order().orElse(3);
    }

    @Override
    public void describe(SolverOptions options, Map<String, String> text) {
      text.put("order", Integer.toString(order(options)));
    }
  },
  /** {@link DpmSolverMultistep} on the data; order 2 unless told otherwise. */
  DPM_SOLVER_PP("dpm-solver++") {
    @Override
    public Solver create(TrainedSchedule schedule, SamplingSettings settings) {
      return new DpmSolverMultistep(
          grid(schedule, settings),
          order(settings.options()),
          Integrand.DATA,
          Expansion.DPM_SOLVER,
          DpmSolverMultistep.FinalOrder.LOWERED_WHEN_SHORT);
    }

    @Override
    public void describe(SolverOptions options, Map<String, String> text) {
      text.put("order", Integer.toString(order(options)));
      describeGrid(options, text);
    }
  },
  /** {@link UniPc} with bh2 on the data; order 2 unless told otherwise. */
  UNIPC("unipc") {
    @Override
    public Solver create(TrainedSchedule schedule, SamplingSettings settings) {
      return UniPc.of(grid(schedule, settings), order(settings.options()), UniPc.Variant.BH2);
    }

    @Override
    public void describe(SolverOptions options, Map<String, String> text) {
      text.put("order", Integer.toString(order(options)));
      describeGrid(options, text);
    }
  },
  /** {@link Euler}; on a flow's path {@link PathOde}. */
  EULER("euler") {
    @Override
    public Solver create(TrainedSchedule schedule, SamplingSettings settings) {
      return schedule.ode(
          PathOde.Method.EULER, settings.respacing().plainSteps(), settings.options());
    }

    @Override
    public void describe(SolverOptions options, Map<String, String> text) {
      describeGrid(options, text);
    }
  },
  /** {@link Heun}; on a flow's path {@link PathOde}. */
  HEUN("heun") {
    @Override
    public Solver create(TrainedSchedule schedule, SamplingSettings settings) {
      return schedule.ode(
          PathOde.Method.HEUN, settings.respacing().plainSteps(), settings.options());
    }

    @Override
    public void describe(SolverOptions options, Map<String, String> text) {
      describeGrid(options, text);
    }
  },
  /** {@link DormandPrince}, which chooses its steps. */
  DOPRI5("dopri5") {
    @Override
    public Solver create(TrainedSchedule schedule, SamplingSettings settings) {
      settings.respacing().plainSteps();
      return schedule.dormandPrince(settings.options());
    }

    @Override
    public boolean isAdaptive() {
      return true;
    }

    @Override
    public void describe(SolverOptions options, Map<String, String> text) {
      text.put("atol", Double.toString(options.tolerance().absolute()));
      text.put("rtol", Double.toString(options.tolerance().relative()));
    }
  },
  /** {@link PathSde} with one call a step. */
  SDE_EULER("sde-euler") {
    @Override
    public Solver create(TrainedSchedule schedule, SamplingSettings settings) {
      return schedule.sde(
          PathOde.Method.EULER, settings.respacing().plainSteps(), settings.options());
    }

    @Override
    public void describe(SolverOptions options, Map<String, String> text) {
      describeDiffusion(options, text);
    }
  },
  /** {@link PathSde} with two calls a step. */
  SDE_HEUN("sde-heun") {
    @Override
    public Solver create(TrainedSchedule schedule, SamplingSettings settings) {
      return schedule.sde(
          PathOde.Method.HEUN, settings.respacing().plainSteps(), settings.options());
    }

    @Override
    public void describe(SolverOptions options, Map<String, String> text) {
      describeDiffusion(options, text);
    }
  };

  private static final int USUAL_ORDER = 2;

  private final String text;

  SolverName(String text) {
    this.text = text;
  }

  @Override
  public Respacing usualSteps() {
    return Respacing.even(
        switch (this) {
          case DDPM, DDIM, SDE_EULER, SDE_HEUN -> 250;
          case DPM_SOLVER, DPM_SOLVER_ADAPTIVE, EULER, DOPRI5 -> 50;
          case DPM_SOLVER_PP, UNIPC, HEUN -> 20;
        });
  }

  int order(SolverOptions options) {
    return options.order().orElse(USUAL_ORDER);
  }

  private static NoiseGrid grid(TrainedSchedule schedule, SamplingSettings settings) {
    return schedule.grid(settings.respacing().plainSteps(), settings.options());
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
    return Arrays.stream(values()).map(SolverName::toString).collect(Collectors.joining(separator));
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
    for (SolverName each : values()) {
      if (each.text.equals(text)) {
        return each;
      }
    }
    throw new IllegalArgumentException(
        "there is no sampler '" + text + "'; there are " + names(", "));
  }
}
