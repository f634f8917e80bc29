package org.canbridge.runtime.training.data;

import java.nio.file.Path;
import java.util.List;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.RandomStream;
import org.canbridge.tensors.files.InputFileException;

/**
 * Latents as they are stored, and as the network sees them. C channels are taken as they are, in
 * the scale of the network. 2C channels are the moments that an autoencoder's encoder gives, mean
 * and logarithm of the variance; they are sampled: {@code (mean + exp(clamp(logvar, -30, 20) / 2) *
 * n) * scale}, n standard normal.
 *
 * <p>Source: {@code DiagonalGaussianDistribution} of CompVis' latent-diffusion.
 */
final class StoredLatents {
  private static final float LEAST = -30;
  private static final float MOST = 20;

  private final ImageShape shape;
  private final boolean moments;
  private final float scale;
  private final boolean flip;

  /**
   * Chooses between latents and moments.
   *
   * @param stored shape of one stored example, {@code (C, H, W)} or {@code (2C, H, W)}
   * @throws InputFileException if it is neither
   */
  StoredLatents(List<Long> stored, Path file, TrainingSetOptions options) {
    this.shape = options.shape();
    this.scale = options.latentScale();
    this.flip = options.flip().orElse(false);
    List<Long> plain = sizes(shape.channels());
    List<Long> doubled = sizes(2L * shape.channels());
    if (!stored.equals(plain) && !stored.equals(doubled)) {
      throw InputFileException.of(DataProblem.EXAMPLE_SHAPE, file)
          .what("the latents have another shape than the network takes")
          .expected("latents " + plain + ", or moments " + doubled)
          .actual(stored)
          .next("give latents of that shape, or a network for these")
          .build();
    }
    this.moments = stored.equals(doubled);
  }

  private List<Long> sizes(long channels) {
    return List.of(channels, (long) shape.height(), (long) shape.width());
  }

  /** Number of stored values of one example. */
  int count() {
    return moments ? 2 * shape.size() : shape.size();
  }

  boolean moments() {
    return moments;
  }

  boolean flipped() {
    return flip;
  }

  /**
   * What the network sees.
   *
   * @param stored the stored values, changed by the call
   * @param key where in the file they stand; null if that is plain
   * @throws InputFileException if one is not finite
   */
  float[] values(float[] stored, ExampleRandom random, Path file, String key) {
    requireFinite(stored, file, key);
    float[] values = moments ? sample(stored, random.noise()) : stored;
    if (flip && random.flip()) {
      Mirror.flip(values, shape);
    }
    return values;
  }

  /** Refuses values that are not finite. */
  static void requireFinite(float[] stored, Path file, String key) {
    for (int i = 0; i < stored.length; i++) {
      if (!Float.isFinite(stored[i])) {
        throw InputFileException.of(DataProblem.EXAMPLE_NOT_FINITE, file)
            .what("a value is not finite")
            .actual(stored[i] + " at " + i)
            .key(key)
            .next("encode the example again, in float32")
            .build();
      }
    }
  }

  private float[] sample(float[] stored, RandomStream noise) {
    float[] values = new float[shape.size()];
    for (int i = 0; i < values.length; i++) {
      float logVariance = Math.max(LEAST, Math.min(MOST, stored[values.length + i]));
      double deviation = StrictMath.exp(0.5 * logVariance);
      values[i] = (float) ((stored[i] + deviation * noise.normal()) * scale);
    }
    return values;
  }
}
