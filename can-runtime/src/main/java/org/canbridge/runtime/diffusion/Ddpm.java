package org.canbridge.runtime.diffusion;

import java.util.function.IntToDoubleFunction;
import org.canbridge.runtime.objective.NoiseSchedule;

/**
 * Ancestral sampling of DDPM (Ho et al. 2020, algorithm 2) on a respaced schedule; {@code
 * p_sample_loop} of the DiT code. A denoiser's learned variance interpolates between the two fixed
 * ones in the logarithm (Nichol and Dhariwal 2021, eq. 15).
 *
 * <p>Like that code, each coefficient is rounded to float32 when it is applied; the state itself is
 * float64. The last step adds no noise.
 *
 * @param schedule the respaced schedule
 * @param fixedVariance the variance of a step where the denoiser learned none
 */
public record Ddpm(NoiseSchedule schedule, FixedVariance fixedVariance) implements OneStepSolver {

  /** Variance of the reverse step where it is not learned. */
  public enum FixedVariance {
    /** Beta, the upper bound; what the DiT code takes by default. */
    LARGE,
    /** The posterior's variance, the lower bound. */
    SMALL
  }

  @Override
  public Latents step(int i, Latents x, Prediction prediction, Latents noise) {
    Latents denoised = prediction.clean();
    float coef1 = (float) schedule.posteriorMeanCoef1(i);
    float coef2 = (float) schedule.posteriorMeanCoef2(i);
    IntToDoubleFunction sigma = i == 0 ? k -> 0 : sigma(i, prediction);
    return Latents.generate(
        x.batch(),
        x.shape(),
        k -> coef1 * denoised.get(k) + coef2 * x.get(k) + sigma.applyAsDouble(k) * noise.get(k));
  }

  /** Standard deviation of step {@code i} for each value of the state. */
  private IntToDoubleFunction sigma(int i, Prediction prediction) {
    float smallest = (float) schedule.posteriorLogVarianceClipped(i);
    float largest = (float) Math.log(schedule.beta(i));
    if (prediction.variance().isPresent()) {
      Latents learned = prediction.variance().get();
      return k -> {
        double share = (learned.get(k) + 1) / 2;
        return Math.exp(0.5 * (share * largest + (1 - share) * smallest));
      };
    }
    double sigma = Math.exp(0.5 * (fixedVariance == FixedVariance.LARGE ? largest : smallest));
    return k -> sigma;
  }
}
