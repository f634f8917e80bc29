package org.canbridge.runtime.diffusion;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * A discrete variance-preserving noise schedule: index {@code i = 0} is the least noisy state. In
 * the notation of DDPM (Ho et al. 2020), {@code x_i = sqrt(alphaCumprod) x_0 + sqrt(1 -
 * alphaCumprod) eps}. All numbers are float64 and computed in the order of the DiT code's {@code
 * gaussian_diffusion.py}, so that they agree to the last bits.
 *
 * <p>A respaced schedule is a schedule again, with fewer steps and larger betas; only {@link
 * #timestep} remembers where its steps lie in the schedule that the network was trained on. A new
 * kind of schedule is one more factory over {@link #ofBetas} or {@link #ofAlphaCumprod}.
 */
public final class NoiseSchedule {
  private final int[] timesteps;
  private final double[] betas;
  private final double[] alphasCumprod;

  private NoiseSchedule(int[] timesteps, double[] betas) {
    this.timesteps = timesteps;
    this.betas = betas;
    this.alphasCumprod = new double[betas.length];
    double product = 1;
    for (int i = 0; i < betas.length; i++) {
      if (!(betas[i] > 0 && betas[i] <= 1)) {
        throw new IllegalArgumentException("beta " + i + " must lie in (0, 1], not " + betas[i]);
      }
      product *= 1 - betas[i];
      alphasCumprod[i] = product;
    }
  }

  /**
   * Betas rise linearly from 0.1 / steps to 20 / steps: 0.0001 to 0.02 for the 1000 steps of DDPM
   * and DiT.
   *
   * @param steps number of timesteps, more than 20
   */
  public static NoiseSchedule linear(int steps) {
    double scale = 1000.0 / steps;
    double first = scale * 0.0001;
    double last = scale * 0.02;
    double stride = (last - first) / (steps - 1);
    return ofBetas(steps, i -> i == steps - 1 ? last : i * stride + first);
  }

  /**
   * The cosine schedule of Nichol and Dhariwal (2021), betas capped at 0.999.
   *
   * @param steps number of timesteps
   */
  public static NoiseSchedule cosine(int steps) {
    return ofAlphaCumprod(
        steps, t -> Math.pow(Math.cos((t + 0.008) / 1.008 * Math.PI / 2), 2), 0.999);
  }

  /**
   * A schedule given by its betas.
   *
   * @param steps number of timesteps
   * @param beta the beta of each index, in (0, 1]
   * @throws IllegalArgumentException if there is no step or a beta lies elsewhere
   */
  public static NoiseSchedule ofBetas(int steps, IntToDoubleFunction beta) {
    if (steps < 1) {
      throw new IllegalArgumentException("a schedule needs at least 1 step, not " + steps);
    }
    return new NoiseSchedule(
        IntStream.range(0, steps).toArray(), IntStream.range(0, steps).mapToDouble(beta).toArray());
  }

  /**
   * A continuous schedule cut into equal steps.
   *
   * @param steps number of timesteps
   * @param alphaCumprod the cumulative product of alphas as a falling function of time 0..1
   * @param largestBeta betas are cut off here, so that the last state keeps some signal
   */
  public static NoiseSchedule ofAlphaCumprod(
      int steps, DoubleUnaryOperator alphaCumprod, double largestBeta) {
    return ofBetas(
        steps,
        i -> {
          double before = alphaCumprod.applyAsDouble(i / (double) steps);
          double after = alphaCumprod.applyAsDouble((i + 1) / (double) steps);
          return Math.min(1 - after / before, largestBeta);
        });
  }

  /**
   * The schedule that visits a part of the timesteps, with the same cumulative products there.
   *
   * @throws IllegalArgumentException if this schedule has too few timesteps
   */
  public NoiseSchedule respace(Respacing respacing) {
    int[] visited = respacing.timesteps(steps());
    double[] spaced = new double[visited.length];
    double before = 1;
    for (int i = 0; i < visited.length; i++) {
      double after = alphasCumprod[visited[i]];
      spaced[i] = 1 - after / before;
      before = after;
    }
    return new NoiseSchedule(Arrays.stream(visited).map(i -> timesteps[i]).toArray(), spaced);
  }

  /** Number of steps. */
  public int steps() {
    return betas.length;
  }

  /**
   * What the network is given at index {@code i}: the timestep of the schedule it was trained on.
   */
  public int timestep(int i) {
    return timesteps[i];
  }

  /** Variance of the noise that step {@code i} adds. */
  public double beta(int i) {
    return betas[i];
  }

  /** Product of {@code 1 - beta} up to and including {@code i}: the signal's share of variance. */
  public double alphaCumprod(int i) {
    return alphasCumprod[i];
  }

  /** {@link #alphaCumprod} of the next cleaner state; 1 for the clean image itself. */
  public double alphaCumprodPrev(int i) {
    return i == 0 ? 1 : alphasCumprod[i - 1];
  }

  /** {@code sqrt(1 / alphaCumprod)}: x's factor in the estimate of the clean image. */
  public double sqrtRecipAlphaCumprod(int i) {
    return Math.sqrt(1 / alphasCumprod[i]);
  }

  /** {@code sqrt(1 / alphaCumprod - 1)}: minus the noise's factor in that estimate. */
  public double sqrtRecipm1AlphaCumprod(int i) {
    return Math.sqrt(1 / alphasCumprod[i] - 1);
  }

  /** Variance of {@code q(x_prev | x_i, x_0)}; 0 at index 0. */
  public double posteriorVariance(int i) {
    return betas[i] * (1 - alphaCumprodPrev(i)) / (1 - alphasCumprod[i]);
  }

  /**
   * Logarithm of {@link #posteriorVariance}, with that of index 1 at index 0, where the variance is
   * 0. A schedule of a single step has no index 1 and gives {@code log(beta)}; no noise is added
   * there.
   */
  public double posteriorLogVarianceClipped(int i) {
    return Math.log(steps() == 1 ? betas[0] : posteriorVariance(Math.max(i, 1)));
  }

  /** The clean image's factor in the mean of {@code q(x_prev | x_i, x_0)}. */
  public double posteriorMeanCoef1(int i) {
    return betas[i] * Math.sqrt(alphaCumprodPrev(i)) / (1 - alphasCumprod[i]);
  }

  /** The state's factor in the mean of {@code q(x_prev | x_i, x_0)}. */
  public double posteriorMeanCoef2(int i) {
    return (1 - alphaCumprodPrev(i)) * Math.sqrt(1 - betas[i]) / (1 - alphasCumprod[i]);
  }
}
