package org.canbridge.runtime.diffusion;

import java.util.Optional;

/**
 * The noise schedule that a network was trained on, as solvers ask for it, and what the network
 * predicts there.
 *
 * @param discrete the schedule's steps, where it has any
 * @param continuous the same as functions of time
 * @param lastTime the time at which solvers in continuous time stop
 * @param prediction what the network predicts
 */
public record TrainedSchedule(
    Optional<NoiseSchedule> discrete,
    ContinuousSchedule continuous,
    double lastTime,
    Parameterization prediction) {
  private static final double PIXEL_LAST_TIME = 1e-4;

  /** A discrete schedule, interpolated between its steps, of a network that predicts the noise. */
  public static TrainedSchedule of(NoiseSchedule schedule) {
    return of(schedule, Parameterization.EPSILON);
  }

  /** A discrete schedule, interpolated between its steps. */
  public static TrainedSchedule of(NoiseSchedule schedule, Parameterization prediction) {
    return new TrainedSchedule(
        Optional.of(schedule),
        new InterpolatedSchedule(schedule),
        1.0 / schedule.steps(),
        prediction);
  }

  /** Linear betas over 1000 timesteps from 0: DiT. */
  public static TrainedSchedule dit() {
    return of(NoiseSchedule.linear(1000));
  }

  /** Stable Diffusion's betas, timesteps 1 to 1000: U-ViT's latent models. */
  public static TrainedSchedule uvitLatent() {
    return of(NoiseSchedule.stableDiffusion().withFirstTimestep(1));
  }

  /**
   * CaT's, which nobody published: that of U-ViT's latent models, the paper's only baseline both
   * for classes and for text.
   */
  public static TrainedSchedule cat() {
    return uvitLatent();
  }

  /** The linear continuous process: U-ViT's pixel models. */
  public static TrainedSchedule uvitPixel() {
    return new TrainedSchedule(
        Optional.empty(), LinearVp.uvit(), PIXEL_LAST_TIME, Parameterization.EPSILON);
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
                    + " need; use dpm-solver, dpm-solver++, unipc, euler or heun"));
  }

  /**
   * The noise levels of a run with a multistep or sigma-form solver: timesteps as diffusers chooses
   * them, down to the clean image; in continuous time an even log signal-to-noise ratio down to
   * {@link #lastTime}.
   *
   * @throws IllegalArgumentException if the schedule has too few timesteps
   */
  NoiseGrid grid(int steps, SolverOptions options) {
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
   */
  Solver singlestep(int order, int evaluations) {
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

  private TimeRange times(TimeSpacing spacing) {
    return new TimeRange(continuous, spacing, 1, lastTime);
  }
}
