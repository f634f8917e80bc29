package org.canbridge.tensors;

import java.util.List;
import org.apiguardian.api.API;

/**
 * Element type and shape of a tensor; a scalar has the empty shape.
 *
 * @param dtype the element type
 * @param shape the sizes, outermost first; none negative, and the number of bytes fits a {@code
 *     long}
 */
@API(status = API.Status.STABLE)
public record TensorType(DType dtype, List<Long> shape) {
  /** Most dimensions of a tensor that readers take: what PyTorch can hold. */
  public static final int MAX_RANK = 64;

  /** Checks that no size is negative and that neither element nor byte count overflows. */
  public TensorType {
    shape = List.copyOf(shape);
    long product = 1;
    for (long size : shape) {
      if (size < 0) {
        throw new IllegalArgumentException("negative size in shape " + shape);
      }
      product = Math.multiplyExact(product, size);
    }
    Math.multiplyExact(product, dtype.bytes());
  }

  /** Shorthand. */
  public static TensorType of(DType dtype, long... shape) {
    return new TensorType(dtype, java.util.Arrays.stream(shape).boxed().toList());
  }

  /** Number of elements; 1 for a scalar. */
  public long elements() {
    long product = 1;
    for (long size : shape) {
      product *= size;
    }
    return product;
  }

  /** Number of bytes when stored without holes. */
  public long bytes() {
    return elements() * dtype.bytes();
  }

  @Override
  public String toString() {
    return dtype + shape.toString();
  }
}
