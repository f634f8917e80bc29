package org.canbridge.runtime.diffusion;

import java.util.Optional;
import org.canbridge.importers.family.Objective;
import org.canbridge.runtime.objective.InterpolatedSchedule;
import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.runtime.objective.NoisePath;
import org.canbridge.runtime.objective.NoiseSchedule;
import org.canbridge.runtime.objective.ObjectivePaths;
import org.canbridge.runtime.objective.Parameterization;
import org.canbridge.runtime.objective.Respacing;

/**
 * The path that a network was trained on, as solvers ask for it, and what the network predicts
 * there.
 *
 * @param discrete the schedule's steps, where it has any
 * @param path the same as functions of time
 * @param flow whether the path is one of flow matching, which runs pass in its own time; others are
 *     passed by noise levels
 * @param firstTime the time at which solvers in continuous time start
 * @param lastTime the time at which they stop
 * @param prediction what the network predicts
 */
public record TrainedSchedule(
    Optional<NoiseSchedule> discrete,
    NoisePath path,
    boolean flow,
    double firstTime,
    double lastTime,
    Parameterization prediction) {
  private static final double PIXEL_LAST_TIME = 1e-4;

  /** What the SiT code keeps from ends where an estimate has no bound. */
  private static final double FLOW_MARGIN = 1e-3;

  /** A discrete schedule, interpolated between its steps. */
  public static TrainedSchedule of(NoiseSchedule schedule, Parameterization prediction) {
    return new TrainedSchedule(
        Optional.of(schedule),
        new InterpolatedSchedule(schedule),
        false,
        1,
        1.0 / schedule.steps(),
        prediction);
  }

  /** A process in continuous time. */
  public static TrainedSchedule of(NoisePath path, Parameterization prediction) {
    return new TrainedSchedule(Optional.empty(), path, false, 1, PIXEL_LAST_TIME, prediction);
  }

  /**
   * A path of flow matching. As in the SiT code ({@code check_interval}), runs keep away from pure
   * noise where the image cannot be told from the output, and from the image where the score or the
   * path's velocity has no bound.
   */
  public static TrainedSchedule flow(NoisePath path, Parameterization prediction) {
    boolean velocity =
        prediction == Parameterization.VELOCITY_TO_IMAGE
            || prediction == Parameterization.VELOCITY_TO_NOISE;
    boolean steep = !Double.isFinite(path.at(0).sigmaRate());
    return new TrainedSchedule(
        Optional.empty(),
        path,
        true,
        velocity || !isLost(path) ? 1 : 1 - FLOW_MARGIN,
        velocity && !steep ? 0 : FLOW_MARGIN,
        prediction);
  }

  /** Whether nothing is left of the image at time 1. */
  private static boolean isLost(NoisePath path) {
    return path.at(1).alpha() == 0;
  }

  /**
   * What an objective names.
   *
   * @throws IllegalArgumentException if its parameters make no path
   */
  public static TrainedSchedule of(Objective objective) {
    Parameterization prediction = ObjectivePaths.prediction(objective);
    Optional<NoiseSchedule> steps = ObjectivePaths.discrete(objective);
    if (steps.isPresent()) {
      return of(steps.get(), prediction);
    }
    NoisePath path = ObjectivePaths.path(objective);
    return objective.path().isFlow() ? flow(path, prediction) : of(path, prediction);
  }

  /**
   * A level that training visits: one of the steps, or a time between those of runs.
   *
   * @param uniform in [0, 1); all levels are equally likely
   */
  public NoiseLevel level(double uniform) {
    return discrete
        .map(schedule -> schedule.level((int) (uniform * schedule.steps())))
        .orElseGet(() -> path.at(lastTime + uniform * (firstTime - lastTime)));
  }

  /** Whether it was trained on timesteps that can be counted. */
  boolean isDiscrete() {
    return discrete.isPresent();
  }

  /**
   * The steps that a run of DDPM or DDIM visits.
   *
   * @throws IllegalArgumentException if the schedule is continuous or has too few timesteps
   */
  NoiseSchedule respaced(Respacing respacing) {
    return steps("ddpm and ddim").respace(respacing);
  }

  /**
   * The schedule's steps.
   *
   * @param solver what needs them, in the plural, for the message
   * @throws IllegalArgumentException if the schedule is continuous
   */
  NoiseSchedule steps(String solver) {
    return discrete.orElseThrow(
        () ->
            new IllegalArgumentException(
                "this model knows no discrete timesteps, which "
                    + solver
                    + " need; use "
                    + (flow ? "" : "dpm-solver, ")
                    + "dpm-solver++, unipc, euler or heun"));
  }

  /**
   * The noise levels of a run with a multistep or sigma-form solver: timesteps as diffusers chooses
   * them, down to the clean image; in continuous time an even log signal-to-noise ratio down to
   * {@link #lastTime}; on a flow's path equal steps of its time.
   *
   * @throws IllegalArgumentException if the schedule has too few timesteps
   */
  NoiseGrid grid(int steps, SolverOptions options) {
    if (flow) {
      // As diffusers' use_flow_sigmas begins: pure noise has no log signal-to-noise ratio.
      double from = Math.min(firstTime, 1 - FLOW_MARGIN);
      return NoiseGrid.ofTimes(path, TimeSpacing.TIME_UNIFORM.times(path, from, lastTime, steps));
    }
    if (discrete.isEmpty()) {
      return times(TimeSpacing.LOG_SNR).grid(steps);
    }
    NoiseSchedule schedule = discrete.get();
    return options.karras()
        ? NoiseGrid.karras(schedule, steps, NoiseGrid.End.CLEAN)
        : NoiseGrid.ofIndexes(
            schedule, options.spacing().multistep(schedule.steps(), steps, 0), NoiseGrid.End.CLEAN);
  }

  /**
   * The singlestep DPM-Solver of U-ViT's scripts: on the data for discrete schedules ({@code
   * dpm_solver_pp.py}), on the noise for continuous ones ({@code dpm_solver_pytorch.py}).
   *
   * @throws IllegalArgumentException if the path is a flow's
   */
  Solver singlestep(int order, int evaluations) {
    checkNoFlow("dpm-solver");
    return discrete.isPresent()
        ? DpmSolver.fast(
            times(TimeSpacing.TIME_UNIFORM),
            order,
            evaluations,
            Integrand.DATA,
            Expansion.DPM_SOLVER)
        : DpmSolver.fastInEqualSteps(
            times(TimeSpacing.LOG_SNR), order, evaluations, Integrand.NOISE, Expansion.DPM_SOLVER);
  }

  /**
   * The singlestep DPM-Solver that chooses its steps, on the noise as it was published.
   *
   * @throws IllegalArgumentException if the path is a flow's, or there is no such order
   */
  Solver adaptiveDpm(int order) {
    checkNoFlow("dpm-solver-adaptive");
    return AdaptiveDpmSolver.of(times(TimeSpacing.LOG_SNR), order, Integrand.NOISE);
  }

  private void checkNoFlow(String solver) {
    if (flow) {
      throw new IllegalArgumentException(
          "this model is a flow, whose path begins without any signal, where "
              + solver
              + " cannot start; use dpm-solver++, unipc, euler, heun or dopri5");
    }
  }

  /** The probability flow: on a flow's path in its time, elsewhere in the sigma form. */
  Solver ode(PathOde.Method method, int steps, SolverOptions options) {
    if (flow) {
      return PathOde.evenly(path, firstTime, lastTime, steps, method);
    }
    NoiseGrid grid = grid(steps, options);
    return method == PathOde.Method.EULER ? new Euler(grid) : new Heun(grid);
  }

  /** The probability flow in the path's time, in steps that follow from their error. */
  Solver dormandPrince(SolverOptions options) {
    return new DormandPrince(path, firstTime, lastTime, options.tolerance());
  }

  /** A stochastic equation with the path's distributions, in its time. */
  Solver sde(PathOde.Method method, int steps, SolverOptions options) {
    SdeSettings diffusion = options.diffusion();
    boolean unbounded = diffusion.form() == DiffusionForm.SBDM && isLost(path);
    boolean reaches = lastTime > 0 || method == PathOde.Method.EULER;
    double end = reaches ? lastTime : FLOW_MARGIN;
    return new PathSde(
        path,
        unbounded ? 1 - FLOW_MARGIN : firstTime,
        diffusion.last() == LastStep.NONE ? end : diffusion.lastSize(),
        steps,
        method,
        diffusion);
  }

  private TimeRange times(TimeSpacing spacing) {
    return new TimeRange(path, spacing, firstTime, lastTime);
  }
}
