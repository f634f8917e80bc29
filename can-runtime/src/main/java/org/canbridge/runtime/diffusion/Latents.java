package org.canbridge.runtime.diffusion;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import org.apiguardian.api.API;

/**
 * A batch {@code (B, C, H, W)} of float64 values in row-major order: the state of a solver, or what
 * a network makes of it. Images of a pixel-space model are latents, too, with values in -1..1.
 */
@API(status = API.Status.STABLE)
public final class Latents {
  private final ImageShape shape;
  private final double[] values;

  /**
   * Wraps the values, without a copy.
   *
   * @param shape the shape of one row
   * @param values B * C * H * W values
   * @throws IllegalArgumentException if there is not a whole number of rows, at least one
   */
  public Latents(ImageShape shape, double[] values) {
    if (values.length == 0 || values.length % shape.size() != 0) {
      throw new IllegalArgumentException(
          values.length + " values are not a whole number of images of " + shape);
    }
    this.shape = shape;
    this.values = values;
  }

  /** The values {@code function(0), function(1), ...} of {@code batch} rows. */
  static Latents generate(int batch, ImageShape shape, IntToDoubleFunction function) {
    double[] values = new double[Math.multiplyExact(batch, shape.size())];
    Arrays.setAll(values, function);
    return new Latents(shape, values);
  }

  /** The shape of one row. */
  public ImageShape shape() {
    return shape;
  }

  /** Number of rows B. */
  public int batch() {
    return values.length / shape.size();
  }

  /**
   * The values themselves, {@code (B, C, H, W)}; not a copy. Whoever is handed latents must not
   * write to them.
   */
  public double[] values() {
    return values;
  }

  /** The value at one flat index. */
  public double get(int index) {
    return values[index];
  }

  /**
   * Copies the rows {@code from} (inclusive) to {@code to} (exclusive).
   *
   * @throws IllegalArgumentException if that is no row or leaves the batch
   */
  public Latents rows(int from, int to) {
    if (from < 0 || to <= from || to > batch()) {
      throw new IllegalArgumentException(
          "no rows " + from + ".." + to + " in a batch of " + batch());
    }
    return new Latents(shape, Arrays.copyOfRange(values, from * shape.size(), to * shape.size()));
  }

  /** The batch twice, {@code (2B, C, H, W)}: all rows, then all rows again. */
  Latents twice() {
    double[] both = Arrays.copyOf(values, Math.multiplyExact(2, values.length));
    System.arraycopy(values, 0, both, values.length, values.length);
    return new Latents(shape, both);
  }

  @Override
  public String toString() {
    return "Latents[" + batch() + "x" + shape + "]";
  }
}
