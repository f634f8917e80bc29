package org.canbridge.runtime.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.canbridge.runtime.objective.Parameterization;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every run that was recorded with the solvers of U-ViT, of UniPC and of diffusers: the states
 * after all steps and the network's inputs, in units of the state's standard deviation.
 *
 * <p>Each run is replayed twice. With the function that stood for the network in the loop, an error
 * meets the same feedback as when the run was recorded. With the recorded outputs it does not: the
 * rounding of the first float32 states then grows like {@code 1 / alpha}, up to 157-fold.
 */
class SolverTrajectoryTest {

  static List<SolverRun> uvitLatent() {
    return SolverRun.of("sampler-uvit-latent");
  }

  static List<SolverRun> uvitPixel() {
    return SolverRun.of("sampler-uvit-pixel");
  }

  static List<SolverRun> uniPc() {
    return SolverRun.of("sampler-unipc");
  }

  static List<SolverRun> diffusers() {
    return SolverRun.of("sampler-diffusers");
  }

  @Test
  void noRunIsMissing() {
    assertEquals(29, uvitLatent().size());
    assertEquals(20, uvitPixel().size());
    assertEquals(17, uniPc().size());
    assertEquals(67, diffusers().size());
  }

  /** Reached: 3e-15 in float64, 4e-6 in float32 (1e-5 with the recorded outputs). */
  @ParameterizedTest
  @MethodSource
  void uvitLatent(SolverRun run) {
    Tolerance tolerance = isAdaptive(run) ? Tolerance.ADAPTIVE : new Tolerance(5e-6, 2e-5, 1e-2);
    tolerance.check(run, PublishedSolvers::uvitLatent, PublishedSolvers::uvitLatentDenoiser);
  }

  /**
   * Reached: 8e-14 in float64 (3e-13 with the recorded outputs). In float32 no more than 2.6e-4
   * (9e-4), because that code recovers times from log-SNRs in float32: its last time is 0.0000997
   * where 0.0001 is meant. Euler-Maruyama does no such thing: 7e-6.
   */
  @ParameterizedTest
  @MethodSource
  void uvitPixel(SolverRun run) {
    Tolerance tolerance =
        isAdaptive(run)
            ? Tolerance.ADAPTIVE
            : run.toString().startsWith("euler")
                ? new Tolerance(1e-5, 1e-3, 1e-3)
                : new Tolerance(4e-4, 1e-3, 0.5);
    tolerance.check(run, PublishedSolvers::uvitPixel, PublishedSolvers::plainDenoiser);
  }

  /** Reached: 4e-15 in float64 (2e-14 with the recorded outputs), 2e-6 (4e-6) in float32. */
  @ParameterizedTest
  @MethodSource
  void uniPc(SolverRun run) {
    new Tolerance(5e-6, 1e-5, 1e-3)
        .check(run, PublishedSolvers::uniPc, PublishedSolvers::plainDenoiser);
  }

  /**
   * Reached: 2.5e-6, and 6e-5 with the recorded outputs. Runs marked float64 have float32
   * coefficients.
   */
  @ParameterizedTest
  @MethodSource
  void diffusers(SolverRun run) {
    Tolerance float32 = new Tolerance(5e-6, 1e-4, 0);
    float32.checkFloat32(run, PublishedSolvers::diffusers, PublishedSolvers::diffusersDenoiser);
  }

  @Test
  void theComparisonNoticesASmallError() {
    SolverRun run = uniPc().get(0);
    Denoiser exact = PublishedSolvers.plainDenoiser(run, ClosedForm.network(new long[2], false));
    Denoiser off =
        (x, level) -> {
          Latents wrong = Combination.of(1.001, exact.predict(x, level).noise()).sum();
          return Prediction.of(Parameterization.EPSILON, x, wrong, level, Optional.empty());
        };
    assertTrue(run.error(PublishedSolvers.uniPc(run), off, 1e-3) > 1e-4);
  }

  private static boolean isAdaptive(SolverRun run) {
    return run.toString().startsWith("adaptive");
  }

  /**
   * How far a run may be off.
   *
   * @param live with the function in the loop, float32
   * @param replayed with the recorded outputs, float32
   * @param timestep of what the network is given
   */
  private record Tolerance(double live, double replayed, double timestep) {
    /** Of float64 runs, live and replayed. */
    private static final double FLOAT64 = 1e-12;

    /**
     * The first steps are accepted with an error estimate that is nothing but float32 rounding, and
     * decides how long the next ones are; 10 to 30 calls follow other times.
     */
    static final Tolerance ADAPTIVE = new Tolerance(2e-2, 2e-2, 50);

    @FunctionalInterface
    interface SolverOf {
      Solver of(SolverRun run);
    }

    @FunctionalInterface
    interface DenoiserOf {
      Denoiser of(SolverRun run, DenoisingNetwork network);
    }

    void check(SolverRun run, SolverOf solver, DenoiserOf denoiser) {
      if (run.isFloat64()) {
        new Tolerance(FLOAT64, FLOAT64, 1e-9).checkFloat32(run, solver, denoiser);
      } else {
        checkFloat32(run, solver, denoiser);
      }
    }

    void checkFloat32(SolverRun run, SolverOf solver, DenoiserOf denoiser) {
      DenoisingNetwork closed = PublishedSolvers.closedForm(run);
      double inTheLoop = run.error(solver.of(run), denoiser.of(run, closed), timestep);
      assertTrue(inTheLoop <= live, () -> run + " in the loop: " + inTheLoop + " stds");
      Denoiser recorded = PublishedSolvers.replayed(run);
      double open = run.error(solver.of(run), recorded, timestep);
      assertTrue(open <= replayed, () -> run + " with the recorded outputs: " + open + " stds");
    }
  }
}
