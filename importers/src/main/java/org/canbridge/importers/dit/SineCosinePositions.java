package org.canbridge.importers.dit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.canbridge.importers.keys.Formula;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.Tensors;

/**
 * DiT's table of positions {@code (1, N, D)}, F32, for a square of N positions row by row: with
 * {@code w_k = 10000^(-k / (D/4))}, the four quarters of a row are {@code sin(column * w_k)},
 * {@code cos(column * w_k)}, {@code sin(row * w_k)}, {@code cos(row * w_k)}; computed in double
 * precision and rounded once. Source: {@code get_2d_sincos_pos_embed} in {@code models.py} of
 * facebookresearch/DiT; diffusers' {@code PatchEmbed} has the same table.
 */
public enum SineCosinePositions implements Formula {
  TABLE;

  private static final double MAX_PERIOD = 10_000;

  /** The widest grid that is computed: no image is larger, and a claim must not fill the disk. */
  static final int MAX_GRID = 1024;

  /** Largest difference from the table that is rounding, by the element type of the tensor. */
  private static double rounding(DType dtype) {
    return switch (dtype) {
      case F64, F32 -> 1e-6;
      case F16 -> 5e-4;
      case BF16 -> 4e-3;
      default -> 0;
    };
  }

  @Override
  public TensorData tensor(List<Long> shape) {
    long tokens = shape.get(1);
    int side = (int) Math.round(Math.sqrt((double) tokens));
    int width = Math.toIntExact(shape.get(2));
    return new Table(new TensorType(DType.F32, shape), side, width);
  }

  /** Why there is no table of these sizes, if there is none. */
  static Optional<String> findObstacle(long grid, long width) {
    if (width % 4 != 0) {
      return Optional.of("hidden_size " + width + " is not a multiple of 4, as sine-cosine needs");
    }
    return grid > MAX_GRID
        ? Optional.of(grid + " x " + grid + " positions; the most is " + MAX_GRID + " a side")
        : Optional.empty();
  }

  @Override
  public Optional<String> findFault(TensorData tensor) {
    List<Long> shape = tensor.type().shape();
    long side = Math.round(Math.sqrt((double) shape.get(1)));
    Optional<String> obstacle =
        side * side == shape.get(1)
            ? findObstacle(side, shape.get(2))
            : Optional.of(shape.get(1) + " positions are no square");
    if (obstacle.isPresent()) {
      return obstacle;
    }
    double tolerance = rounding(tensor.type().dtype());
    float[] expected = Tensors.floats(tensor(shape));
    float[] actual = Tensors.floats(tensor);
    for (int i = 0; i < expected.length; i++) {
      // Written so that NaN is a difference.
      if (!(Math.abs(actual[i] - expected[i]) <= tolerance)) {
        long width = shape.get(2);
        return Optional.of(
            "not the sine-cosine table: "
                + actual[i]
                + " at position "
                + i / width
                + ", channel "
                + i % width
                + ", where that has "
                + expected[i]);
      }
    }
    return Optional.empty();
  }

  /** The table itself: only the {@code side * D/4} different angles are ever held. */
  private record Table(TensorType type, int side, int width) implements TensorData {
    @Override
    public ByteBuffer bytes(long offset, int length) {
      Objects.checkFromIndexSize(offset, (long) length, type.bytes());
      ByteBuffer out = ByteBuffer.allocateDirect(length).order(ByteOrder.LITTLE_ENDIAN);
      int skip = (int) (offset % Float.BYTES);
      for (long element = offset / Float.BYTES; out.hasRemaining(); element++) {
        int bits = Float.floatToRawIntBits(value(element));
        for (int i = skip; i < Float.BYTES && out.hasRemaining(); i++) {
          out.put((byte) (bits >>> (8 * i)));
        }
        skip = 0;
      }
      return out.flip();
    }

    private float value(long element) {
      long token = element / width;
      int channel = (int) (element % width);
      int quarter = width / 4;
      long position = channel < 2 * quarter ? token % side : token / side;
      double exponent = (double) (channel % quarter) / quarter;
      double angle = position * (1 / StrictMath.pow(MAX_PERIOD, exponent));
      boolean sine = channel / quarter % 2 == 0;
      return (float) (sine ? StrictMath.sin(angle) : StrictMath.cos(angle));
    }
  }
}
