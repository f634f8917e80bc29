package org.canbridge.importers.model;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apiguardian.api.API;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.FiniteTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * How a model directory is written.
 *
 * @param dtype the element type of all weights; empty keeps each tensor's own. Integer tensors are
 *     never converted
 * @param maxShardBytes the largest number of tensor bytes in one file
 * @param overwrite whether a model directory of the same name is replaced
 * @param aligned whether the tensors of one file lie at round places, for programs that map them
 */
@API(status = API.Status.STABLE)
public record WriteOptions(
    Optional<DType> dtype, long maxShardBytes, boolean overwrite, boolean aligned) {

  /** Checks that the type is one that networks are stored in. */
  public WriteOptions {
    dtype.ifPresent(
        type -> {
          if (type != DType.F32 && type != DType.BF16 && type != DType.F16) {
            throw new IllegalArgumentException(
                "weights are written as F32, BF16 or F16, not " + type);
          }
        });
    if (maxShardBytes <= 0) {
      throw new IllegalArgumentException("a shard must have room: " + maxShardBytes);
    }
    if (aligned && maxShardBytes != Long.MAX_VALUE) {
      throw new IllegalArgumentException("only the tensors of one file can be aligned");
    }
  }

  /** The tensors' own types, one file, nothing replaced. */
  public static WriteOptions defaults() {
    return new WriteOptions(Optional.empty(), Long.MAX_VALUE, false, false);
  }

  /** All weights in this type ({@code --dtype}). */
  public WriteOptions withDtype(DType type) {
    return new WriteOptions(Optional.of(type), maxShardBytes, overwrite, aligned);
  }

  /** At most this many bytes of tensors in a file. */
  public WriteOptions withMaxShardBytes(long bytes) {
    return new WriteOptions(dtype, bytes, overwrite, aligned);
  }

  /** Replaces a model directory that is there. */
  public WriteOptions overwriting() {
    return new WriteOptions(dtype, maxShardBytes, true, aligned);
  }

  /** One file whose tensors lie at round places. */
  public WriteOptions aligning() {
    return new WriteOptions(dtype, Long.MAX_VALUE, overwrite, true);
  }

  /**
   * Tensors as they are written, converted when they are read.
   *
   * @return the same names in the same order; reading one throws an {@link ArithmeticException} if
   *     a weight is beyond the range of the element type asked for
   */
  public Map<String, TensorData> converted(Map<String, TensorData> tensors) {
    Map<String, TensorData> written = new LinkedHashMap<>(tensors);
    dtype.ifPresent(type -> written.replaceAll((name, tensor) -> converted(name, tensor, type)));
    return written;
  }

  private static TensorData converted(String name, TensorData tensor, DType dtype) {
    if (!tensor.type().dtype().isFloating() || tensor.type().dtype() == dtype) {
      return tensor;
    }
    TensorData view = Tensors.as(tensor, dtype);
    return dtype == DType.F16 ? new FiniteTensor(name, tensor, view) : view;
  }
}
