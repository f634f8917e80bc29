package org.canbridge.runtime.image;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;

/**
 * Decodes a large latent in overlapping tiles of one size, so that memory stays bounded, and blends
 * them linearly where they overlap. A decoder that looks further than the overlap, as one with
 * attention or group norms does, gives a slightly different image in tiles.
 *
 * @param tile side of a tile in cells of the latent
 * @param overlap how far neighbours overlap at least, in cells
 */
public record TiledDecoding(int tile, int overlap) {

  /** Checks the sizes. */
  public TiledDecoding {
    if (overlap < 0 || tile <= overlap) {
      throw new IllegalArgumentException("no tiles of " + tile + " that overlap by " + overlap);
    }
  }

  /**
   * Decodes one latent.
   *
   * @param latent {@code (1, C, H, W)}
   * @param decoder takes {@code (1, C, h, w)} to {@code (1, c, h * f, w * f)} with a whole factor
   *     f; called with h and w no larger than a tile, the same in each call
   * @return {@code (1, c, H * f, W * f)}
   */
  public Latents decode(Latents latent, UnaryOperator<Latents> decoder) {
    ImageShape whole = latent.shape();
    int height = Math.min(tile, whole.height());
    int width = Math.min(tile, whole.width());
    if (height == whole.height() && width == whole.width()) {
      return decoder.apply(latent);
    }
    Blend blend = null;
    for (int top : starts(whole.height(), height)) {
      for (int left : starts(whole.width(), width)) {
        Latents decoded = decoder.apply(crop(latent, top, left, height, width));
        int factor = decoded.shape().height() / height;
        if (blend == null) {
          blend =
              new Blend(
                  new ImageShape(
                      decoded.shape().channels(), whole.height() * factor, whole.width() * factor),
                  Math.max(1, overlap * factor));
        }
        blend.add(decoded, top * factor, left * factor);
      }
    }
    return blend.mean();
  }

  /** Where tiles begin: evenly, the first at 0, the last ending with the latent. */
  private int[] starts(int length, int size) {
    if (length <= size) {
      return new int[] {0};
    }
    int count = 1 + (length - size + size - overlap - 1) / (size - overlap);
    int[] starts = new int[count];
    Arrays.setAll(starts, i -> (int) ((long) i * (length - size) / (count - 1)));
    return starts;
  }

  private static Latents crop(Latents latent, int top, int left, int height, int width) {
    ImageShape from = latent.shape();
    ImageShape to = new ImageShape(from.channels(), height, width);
    double[] values = new double[to.size()];
    for (int channel = 0; channel < to.channels(); channel++) {
      for (int y = 0; y < height; y++) {
        int source = channel * from.plane() + (top + y) * from.width() + left;
        System.arraycopy(latent.values(), source, values, channel * to.plane() + y * width, width);
      }
    }
    return new Latents(to, values);
  }

  /** A weighted mean of tiles; a tile's weight falls linearly towards its edges. */
  private static final class Blend {
    private final ImageShape shape;
    private final int ramp;
    private final double[] sums;
    private final double[] weights;

    Blend(ImageShape shape, int ramp) {
      this.shape = shape;
      this.ramp = ramp;
      this.sums = new double[shape.size()];
      this.weights = new double[shape.plane()];
    }

    void add(Latents image, int top, int left) {
      ImageShape part = image.shape();
      for (int y = 0; y < part.height(); y++) {
        for (int x = 0; x < part.width(); x++) {
          double weight = weight(y, part.height()) * weight(x, part.width());
          int at = (top + y) * shape.width() + left + x;
          weights[at] += weight;
          for (int channel = 0; channel < part.channels(); channel++) {
            sums[channel * shape.plane() + at] +=
                weight * image.get(channel * part.plane() + y * part.width() + x);
          }
        }
      }
    }

    private double weight(int at, int length) {
      return Math.min(ramp, Math.min(at, length - 1 - at) + 0.5) / ramp;
    }

    Latents mean() {
      double[] values = new double[sums.length];
      Arrays.setAll(values, i -> sums[i] / weights[i % weights.length]);
      return new Latents(shape, values);
    }
  }
}
