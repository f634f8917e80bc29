package org.canbridge.experiments;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.Arrays;
import java.util.List;

/**
 * Mean square error of the noise on test images whose noise and noise levels are the same for all
 * networks.
 *
 * @param mean over all
 * @param levels its mean in each tenth of the noise levels, the least noise first
 * @param blocks its mean in each twentieth of the images, every one with all noise levels: what the
 *     difference of two networks is uncertain by
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
record HeldOut(double mean, List<Double> levels, List<Double> blocks) {
  private static final int LEVELS = 10;
  private static final int BLOCKS = 20;

  /** Keeps its own copies. */
  HeldOut {
    levels = List.copyOf(levels);
    blocks = List.copyOf(blocks);
  }

  /**
   * Of the losses of all images.
   *
   * @param levels for each image where its noise level lies, 0 to 1
   */
  static HeldOut of(double[] losses, double[] levels) {
    double[] sums = new double[LEVELS];
    int[] counts = new int[LEVELS];
    double[] blocks = new double[BLOCKS];
    int block = losses.length / BLOCKS;
    for (int i = 0; i < losses.length; i++) {
      int level = (int) (LEVELS * levels[i]);
      sums[level] += losses[i];
      counts[level]++;
      blocks[Math.min(BLOCKS - 1, i / block)] += losses[i];
    }
    for (int k = 0; k < LEVELS; k++) {
      sums[k] /= counts[k];
    }
    for (int k = 0; k < BLOCKS; k++) {
      blocks[k] /= k < BLOCKS - 1 ? block : losses.length - (BLOCKS - 1) * block;
    }
    return new HeldOut(Arrays.stream(losses).average().orElseThrow(), boxed(sums), boxed(blocks));
  }

  private static List<Double> boxed(double... values) {
    return Arrays.stream(values).boxed().toList();
  }

  /** The difference to another network's, with the standard error that its blocks tell. */
  Spread less(HeldOut other) {
    double[] differences = new double[blocks.size()];
    Arrays.setAll(differences, i -> blocks.get(i) - other.blocks.get(i));
    Spread spread = Spread.of(boxed(differences));
    return new Spread(mean - other.mean, spread.deviation() / Math.sqrt(differences.length));
  }
}
