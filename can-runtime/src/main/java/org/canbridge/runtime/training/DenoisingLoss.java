package org.canbridge.runtime.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.canbridge.runtime.diffusion.ContinuousSchedule;
import org.canbridge.runtime.diffusion.NoiseLevel;
import org.canbridge.runtime.diffusion.NoiseSchedule;
import org.canbridge.runtime.diffusion.TrainedSchedule;
import org.canbridge.runtime.engine.LossScript;
import org.canbridge.runtime.family.Diffusion;

/**
 * What a denoising network is trained for: to tell the noise in a noisy image. Given the clean
 * image {@code (B, C, H, W)}, the noise of the same shape and the coefficients {@code (B, K)} of
 * each sample's noise level ({@link #at}); K is 2 for the simple loss, 9 for the hybrid one.
 *
 * <ul>
 *   <li>{@code mse}: mean square error of the noise, L_simple of DDPM (Ho et al. 2020, equation
 *       14); U-ViT's only loss.
 *   <li>{@code vb}: for networks that learn the variance, the variational bound of one step in bits
 *       per dimension, whose gradient reaches the variance alone (Nichol and Dhariwal 2021, section
 *       3.1). The sum of both is the hybrid loss, with weight 1 for each, as DiT's script sets it.
 * </ul>
 *
 * The bound's formulas are those of {@code gaussian_diffusion.py} of the DiT code, with its
 * approximation of the normal distribution and its bins of 1/255 at the first timestep.
 */
public final class DenoisingLoss implements LossScript {
  private static final double BITS = 1 / Math.log(2);
  private static final double HALF_BIN = 1 / 255.0;

  private final Levels levels;
  private final boolean hybrid;
  private final int channels;

  /** Noise levels by a number that training draws. */
  private interface Levels {
    Level at(double uniform);
  }

  /**
   * The noise level of one training example.
   *
   * @param timestep what the network is given
   * @param coefficients what the loss is given
   */
  public record Level(double timestep, List<Double> coefficients) {
    /** Keeps its own copy. */
    public Level {
      coefficients = List.copyOf(coefficients);
    }
  }

  private DenoisingLoss(Levels levels, boolean hybrid, int channels) {
    this.levels = levels;
    this.hybrid = hybrid;
    this.channels = channels;
  }

  /** The loss that a network's family is trained with. */
  public static DenoisingLoss of(Diffusion diffusion) {
    TrainedSchedule schedule = diffusion.schedule();
    if (diffusion.learnedVariance()) {
      return hybrid(schedule.discrete().orElseThrow(), diffusion.shape().channels());
    }
    return schedule
        .discrete()
        .map(DenoisingLoss::simple)
        .orElseGet(() -> simple(schedule.continuous()));
  }

  /**
   * The hybrid loss of a network with {@code channels} channels of noise and as many of variance.
   */
  public static DenoisingLoss hybrid(NoiseSchedule schedule, int channels) {
    return new DenoisingLoss(u -> hybridLevel(schedule, index(schedule, u)), true, channels);
  }

  /** The simple loss over the steps of a schedule. */
  public static DenoisingLoss simple(NoiseSchedule schedule) {
    return new DenoisingLoss(
        u -> {
          int i = index(schedule, u);
          return new Level(schedule.timestep(i), forward(schedule, i));
        },
        false,
        0);
  }

  /** The simple loss over a schedule in continuous time, all of it: U-ViT's pixel models. */
  public static DenoisingLoss simple(ContinuousSchedule schedule) {
    return new DenoisingLoss(
        time -> {
          NoiseLevel level = schedule.at(time);
          return new Level(level.timestep(), List.of(level.alpha(), level.sigma()));
        },
        false,
        0);
  }

  /**
   * The noise level that a uniform random number chooses; all are equally likely.
   *
   * @param uniform in [0, 1)
   */
  public Level at(double uniform) {
    return levels.at(uniform);
  }

  private static int index(NoiseSchedule schedule, double uniform) {
    return (int) (uniform * schedule.steps());
  }

  private static List<Double> forward(NoiseSchedule schedule, int i) {
    double signal = schedule.alphaCumprod(i);
    return List.of(Math.sqrt(signal), Math.sqrt(1 - signal));
  }

  private static Level hybridLevel(NoiseSchedule schedule, int i) {
    List<Double> coefficients = new ArrayList<>(forward(schedule, i));
    coefficients.add(schedule.sqrtRecipAlphaCumprod(i));
    coefficients.add(schedule.sqrtRecipm1AlphaCumprod(i));
    coefficients.add(schedule.posteriorMeanCoef1(i));
    coefficients.add(schedule.posteriorMeanCoef2(i));
    coefficients.add(schedule.posteriorLogVarianceClipped(i));
    coefficients.add(Math.log(schedule.beta(i)));
    coefficients.add(i == 0 ? 1. : 0.);
    return new Level(schedule.timestep(i), coefficients);
  }

  @Override
  public List<String> inputs() {
    return List.of("clean", "noise", "level");
  }

  @Override
  public List<String> terms() {
    return hybrid ? List.of("mse", "vb") : List.of("mse");
  }

  @Override
  public List<String> before() {
    List<String> lines = new ArrayList<>();
    int count = hybrid ? 9 : 2;
    for (int i = 0; i < count; i++) {
      lines.add(
          "k" + i + " = torch.reshape(torch.select(loss_level, 1, " + i + "), [-1, 1, 1, 1])");
    }
    lines.add("in_x = torch.add(torch.mul(k0, loss_clean), torch.mul(k1, loss_noise))");
    return lines;
  }

  @Override
  public List<String> after(String output) {
    if (!hybrid) {
      return List.of(
          "mse = " + mean("torch.pow(torch.sub(loss_noise, " + output + "), 2)"), "terms = [mse]");
    }
    List<String> lines = new ArrayList<>();
    lines.add("out = " + output);
    lines.add("eps = torch.slice(out, 1, 0, " + channels + ", 1)");
    lines.add("mse = " + mean("torch.pow(torch.sub(loss_noise, eps), 2)"));
    lines.add("fixed = torch.detach(eps)");
    lines.add("clean = torch.sub(torch.mul(k2, in_x), torch.mul(k3, fixed))");
    lines.add("mean = torch.add(torch.mul(k4, clean), torch.mul(k5, in_x))");
    lines.add("truth = torch.add(torch.mul(k4, loss_clean), torch.mul(k5, in_x))");
    // The network's second half tells where the log variance lies between its two bounds.
    lines.add("half = torch.slice(out, 1, " + channels + ", " + 2 * channels + ", 1)");
    lines.add("share = torch.div(torch.add(half, 1), 2)");
    lines.add("log_var = torch.add(torch.mul(share, k7), torch.mul(torch.rsub(share, 1), k6))");
    lines.add("apart = torch.pow(torch.sub(truth, mean), 2)");
    lines.add(
        "kl = torch.add(torch.add(torch.add(torch.sub(log_var, k6), -1), torch.exp(torch.sub(k6,"
            + " log_var))), torch.mul(apart, torch.exp(torch.neg(log_var))))");
    lines.add("kl_bits = " + mean("torch.mul(kl, " + number(0.5 * BITS) + ")"));
    lines.add("centred = torch.sub(loss_clean, mean)");
    lines.add("inverse = torch.exp(torch.mul(log_var, -0.5))");
    normalDistribution(lines, "upper", "torch.add(centred, " + number(HALF_BIN) + ")");
    normalDistribution(lines, "lower", "torch.sub(centred, " + number(HALF_BIN) + ")");
    // The outermost bins reach to infinity.
    lines.add("low_edge = torch.to(torch.lt(loss_clean, -0.999), loss_clean)");
    lines.add("high_edge = torch.to(torch.gt(loss_clean, 0.999), loss_clean)");
    lines.add("from = torch.mul(lower, torch.rsub(low_edge, 1))");
    lines.add("upto = torch.add(torch.mul(upper, torch.rsub(high_edge, 1)), high_edge)");
    lines.add("bin = torch.log(torch.clamp(torch.sub(upto, from), 9.9999999999999998e-13))");
    lines.add("nll_bits = " + mean("torch.mul(bin, " + number(-BITS) + ")"));
    lines.add("first = torch.reshape(k8, [-1])");
    lines.add(
        "vb = torch.add(torch.mul(first, nll_bits), torch.mul(torch.rsub(first, 1), kl_bits))");
    lines.add("terms = [mse, vb]");
    return lines;
  }

  /** {@code 0.5 (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3)))}, z the argument over the deviation. */
  private static void normalDistribution(List<String> lines, String name, String argument) {
    String z = name + "_z";
    lines.add(z + " = torch.mul(inverse, " + argument + ")");
    lines.add(
        name
            + " = torch.mul(torch.add(torch.tanh(torch.mul(torch.add("
            + z
            + ", torch.mul(torch.pow("
            + z
            + ", 3), 0.044714999999999998)), "
            + number(Math.sqrt(2 / Math.PI))
            + ")), 1), 0.5)");
  }

  private static String mean(String value) {
    return "torch.mean(" + value + ", [1, 2, 3])";
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.17g", value);
  }
}
