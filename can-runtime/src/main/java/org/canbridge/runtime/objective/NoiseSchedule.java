package org.canbridge.runtime.objective;

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
  private final double[] alphasCumprodPrev;

  private NoiseSchedule(
      int[] timesteps, double[] betas, double[] alphasCumprod, double[] alphasCumprodPrev) {
    this.timesteps = timesteps;
    this.betas = betas;
    this.alphasCumprod = alphasCumprod;
    this.alphasCumprodPrev = alphasCumprodPrev;
  }

  private static NoiseSchedule of(int[] timesteps, double[] betas) {
    double[] products = new double[betas.length];
    double product = 1;
    for (int i = 0; i < betas.length; i++) {
      if (!(betas[i] > 0 && betas[i] <= 1)) {
        throw new IllegalArgumentException("beta " + i + " must lie in (0, 1], not " + betas[i]);
      }
      product *= 1 - betas[i];
      products[i] = product;
    }
    return new NoiseSchedule(timesteps, betas, products, shifted(products));
  }

  /** 1 in front, the last one dropped. */
  private static double[] shifted(double[] products) {
    double[] previous = new double[products.length];
    Arrays.setAll(previous, i -> i == 0 ? 1 : products[i - 1]);
    return previous;
  }

  /**
   * Betas rise linearly.
   *
   * @param steps number of timesteps, at least 2
   * @param first the first beta
   * @param last the last beta
   */
  public static NoiseSchedule linear(int steps, double first, double last) {
    double stride = (last - first) / (steps - 1);
    return ofBetas(steps, i -> i == steps - 1 ? last : i * stride + first);
  }

  /**
   * The square roots of betas rise linearly: the schedule of latent diffusion (Rombach et al.
   * 2022), called {@code scaled_linear} by diffusers.
   *
   * @param steps number of timesteps, at least 2
   * @param first the first beta
   * @param last the last beta
   */
  public static NoiseSchedule scaledLinear(int steps, double first, double last) {
    double from = Math.sqrt(first);
    double stride = (Math.sqrt(last) - from) / (steps - 1);
    return ofBetas(steps, i -> Math.pow(i * stride + from, 2));
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
    return of(
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
    return of(Arrays.stream(visited).map(i -> timesteps[i]).toArray(), spaced);
  }

  /**
   * The same schedule with other timesteps for the network, {@code first} at index 0: U-ViT counts
   * from 1.
   */
  public NoiseSchedule withFirstTimestep(int first) {
    return new NoiseSchedule(
        Arrays.stream(timesteps).map(t -> t - timesteps[0] + first).toArray(),
        betas,
        alphasCumprod,
        alphasCumprodPrev);
  }

  /**
   * The schedule with betas and cumulative products rounded to float32, as diffusers' schedulers
   * have it.
   */
  public NoiseSchedule float32() {
    double[] rounded = Arrays.stream(betas).map(beta -> (float) beta).toArray();
    double[] products = new double[rounded.length];
    double product = 1;
    for (int i = 0; i < rounded.length; i++) {
      product *= 1 - (float) rounded[i];
      products[i] = (float) product;
    }
    return new NoiseSchedule(timesteps, rounded, products, shifted(products));
  }

  /**
   * The schedule of a run of diffusers' DDPM or DDIM scheduler: every step leads from one of the
   * visited indexes back by {@code steps() / visited}, wherever the next visited index lies (with
   * {@code linspace} that is not the same).
   *
   * @param indexes the visited indexes, ascending
   * @param toClean whether steps that lead below index 0 end at the clean image ({@code
   *     set_alpha_to_one}) or at index 0
   */
  public NoiseSchedule strided(int[] indexes, boolean toClean) {
    int stride = steps() / indexes.length;
    double[] here = Arrays.stream(indexes).mapToDouble(i -> alphasCumprod[i]).toArray();
    double[] previous =
        Arrays.stream(indexes)
            .mapToDouble(
                i -> i >= stride ? alphasCumprod[i - stride] : toClean ? 1 : alphasCumprod[0])
            .toArray();
    double[] spaced = new double[indexes.length];
    Arrays.setAll(spaced, i -> 1 - here[i] / previous[i]);
    return new NoiseSchedule(
        Arrays.stream(indexes).map(i -> timesteps[i]).toArray(), spaced, here, previous);
  }

  /** The noise level of index {@code i}. */
  public NoiseLevel level(int i) {
    return NoiseLevel.ofAlphaCumprod(timesteps[i], alphasCumprod[i]);
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

  /**
   * {@link #alphaCumprod} of the state that a step from index {@code i} leads to; 1 for the clean
   * image itself.
   */
  public double alphaCumprodPrev(int i) {
    return alphasCumprodPrev[i];
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
