package org.canbridge.runtime.diffusion;

import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.runtime.objective.Parameterization;

/**
 * Limits the clean image that a denoiser tells, for models of pixels, and gives the noise that
 * belongs to the limited image (or leaves it as it was). Solvers that look at the noise and those
 * that look at the clean image then agree.
 */
final class Thresholding implements Denoiser {
  private final Denoiser denoiser;
  private final boolean noiseFollows;
  private final ToDoubleFunction<double[]> limit;

  private Thresholding(Denoiser denoiser, boolean noiseFollows, ToDoubleFunction<double[]> limit) {
    this.denoiser = denoiser;
    this.noiseFollows = noiseFollows;
    this.limit = limit;
  }

  /** Every value limited to -1..1, and the noise that belongs to what is left: the DiT code. */
  public static Denoiser fixed(Denoiser denoiser) {
    return new Thresholding(denoiser, true, values -> 1);
  }

  /** Every value limited to -1..1, and the noise as it was predicted: diffusers. */
  public static Denoiser ofImageAlone(Denoiser denoiser) {
    return new Thresholding(denoiser, false, values -> 1);
  }

  /**
   * Dynamic thresholding (Saharia et al. 2022, section 2.3): each image is limited to plus and
   * minus the given quantile of its absolute values, but no less than 1, and divided by it.
   *
   * @param denoiser the denoiser
   * @param quantile in 0..1, 0.995 in that paper and in {@code dpm_solver_pp.py} of U-ViT
   */
  public static Denoiser dynamic(Denoiser denoiser, double quantile) {
    if (!(quantile >= 0 && quantile <= 1)) {
      throw new IllegalArgumentException("a quantile lies in 0..1, not " + quantile);
    }
    return new Thresholding(denoiser, true, values -> Math.max(1, quantile(values, quantile)));
  }

  @Override
  public Prediction predict(Latents x, NoiseLevel level) {
    Prediction prediction = denoiser.predict(x, level);
    Latents clean = prediction.clean();
    int size = clean.shape().size();
    double[] limits = new double[clean.batch()];
    Arrays.setAll(limits, row -> limit.applyAsDouble(clean.rows(row, row + 1).values()));
    Latents limited =
        Latents.generate(
            clean.batch(),
            clean.shape(),
            i -> {
              double most = limits[i / size];
              return Math.max(-most, Math.min(most, clean.get(i))) / most;
            });
    return noiseFollows
        ? Prediction.of(Parameterization.CLEAN, x, limited, level, prediction.variance())
        : new Prediction(limited, prediction.noise(), prediction.variance());
  }

  /** The quantile of the absolute values, interpolated linearly as {@code torch.quantile} does. */
  private static double quantile(double[] values, double quantile) {
    double[] sorted = Arrays.stream(values).map(Math::abs).sorted().toArray();
    double at = quantile * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }
}
