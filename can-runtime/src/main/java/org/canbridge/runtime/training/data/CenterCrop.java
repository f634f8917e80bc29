package org.canbridge.runtime.training.data;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * Brings a picture to the network's size as the training scripts of ADM, DiT and U-ViT do: as long
 * as the shorter side is at least twice the size, both sides are halved with a box filter; then it
 * is resized with a bicubic filter until the shorter side is the size; then the middle is cut out.
 *
 * <p>The scripts use Pillow, whose filters grow with the reduction, work on one axis after the
 * other (first x), and round to bytes between the two with coefficients of 22 bits. That is done
 * here as well, so the bytes are equal.
 */
final class CenterCrop {
  private static final int PRECISION_BITS = 22;

  private static final Filter BOX = new Filter(0.5, x -> x > -0.5 && x <= 0.5 ? 1 : 0);
  private static final Filter BICUBIC = new Filter(2, CenterCrop::cubic);

  /** A filter that is zero outside {@code -support..support}. */
  private record Filter(double support, DoubleUnaryOperator weight) {}

  /**
   * Which inputs make up each output of one axis: {@code count[i]} of them from {@code first[i]}
   * on, with the weights from {@code i * most} on.
   */
  private static final class Taps {
    private final int[] first;
    private final int[] count;
    private final int[] weights;
    private final int most;

    Taps(int outputs, int most) {
      this.first = new int[outputs];
      this.count = new int[outputs];
      this.weights = new int[outputs * most];
      this.most = most;
    }
  }

  private CenterCrop() {}

  /** The picture's middle, {@code size} pixels wide and high. */
  static Pixels of(Pixels picture, int size) {
    Pixels small = picture;
    while (Math.min(small.width(), small.height()) >= 2 * size) {
      int width = small.width() / 2;
      int height = small.height() / 2;
      small = resized(small, width, height, 0, 0, width, height, BOX);
    }
    double scale = (double) size / Math.min(small.width(), small.height());
    // To the nearest, a half to the even neighbour, as Python's round.
    int width = (int) Math.rint(small.width() * scale);
    int height = (int) Math.rint(small.height() * scale);
    int left = (width - size) / 2;
    int top = (height - size) / 2;
    return resized(small, width, height, left, top, size, size, BICUBIC);
  }

  /** The window at (left, top) of the picture resized to fullWidth x fullHeight. */
  private static Pixels resized(
      Pixels source,
      int fullWidth,
      int fullHeight,
      int left,
      int top,
      int width,
      int height,
      Filter filter) {
    Taps columns = taps(source.width(), fullWidth, left, width, filter);
    Taps rows = taps(source.height(), fullHeight, top, height, filter);
    int begin = rows.first[0];
    int end = rows.first[height - 1] + rows.count[height - 1];
    byte[] squeezed = acrossRows(source, columns, width, begin, end);
    byte[] result = acrossColumns(squeezed, rows, begin, width * source.channels(), height);
    return new Pixels(width, height, source.channels(), result);
  }

  private static Taps taps(int from, int to, int skipped, int wanted, Filter filter) {
    double scale = (double) from / to;
    double stretch = Math.max(scale, 1);
    double support = filter.support() * stretch;
    int most = (int) Math.ceil(support) * 2 + 1;
    Taps taps = new Taps(wanted, most);
    double[] exact = new double[most];
    for (int i = 0; i < wanted; i++) {
      double center = (skipped + i + 0.5) * scale;
      taps.first[i] = Math.max(0, (int) (center - support + 0.5));
      taps.count[i] = Math.min(from, (int) (center + support + 0.5)) - taps.first[i];
      double sum = 0;
      for (int k = 0; k < taps.count[i]; k++) {
        exact[k] = filter.weight().applyAsDouble((taps.first[i] + k - center + 0.5) / stretch);
        sum += exact[k];
      }
      for (int k = 0; k < taps.count[i]; k++) {
        double units = exact[k] / sum * (1 << PRECISION_BITS);
        taps.weights[i * most + k] = (int) (units < 0 ? units - 0.5 : units + 0.5);
      }
    }
    return taps;
  }

  private static byte[] acrossRows(Pixels source, Taps taps, int width, int begin, int end) {
    int channels = source.channels();
    byte[] result = new byte[(end - begin) * width * channels];
    int at = 0;
    for (int y = begin; y < end; y++) {
      int row = y * source.width() * channels;
      for (int x = 0; x < width; x++) {
        for (int c = 0; c < channels; c++) {
          int sum = 1 << (PRECISION_BITS - 1);
          int input = row + taps.first[x] * channels + c;
          for (int k = 0; k < taps.count[x]; k++, input += channels) {
            sum += (source.bytes()[input] & 0xff) * taps.weights[x * taps.most + k];
          }
          result[at++] = clipped(sum);
        }
      }
    }
    return result;
  }

  private static byte[] acrossColumns(byte[] source, Taps taps, int begin, int row, int height) {
    byte[] result = new byte[height * row];
    int[] sums = new int[row];
    for (int y = 0; y < height; y++) {
      Arrays.fill(sums, 1 << (PRECISION_BITS - 1));
      for (int k = 0; k < taps.count[y]; k++) {
        int input = (taps.first[y] - begin + k) * row;
        int weight = taps.weights[y * taps.most + k];
        for (int i = 0; i < row; i++) {
          sums[i] += (source[input + i] & 0xff) * weight;
        }
      }
      for (int i = 0; i < row; i++) {
        result[y * row + i] = clipped(sums[i]);
      }
    }
    return result;
  }

  private static byte clipped(int sum) {
    return (byte) Math.max(0, Math.min(255, sum >> PRECISION_BITS));
  }

  /** Keys' cubic with a = -0.5. */
  private static double cubic(double at) {
    double x = Math.abs(at);
    if (x < 1) {
      return (1.5 * x - 2.5) * x * x + 1;
    }
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
  }
}
