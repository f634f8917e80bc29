package org.canbridge.importers.model;

import java.util.Optional;
import org.apiguardian.api.API;
import org.canbridge.tensors.DType;

/**
 * How a model directory is written.
 *
 * @param dtype the element type of all weights; empty keeps each tensor's own. Integer tensors are
 *     never converted
 * @param maxShardBytes the largest number of tensor bytes in one file
 * @param overwrite whether a model directory of the same name is replaced
 */
@API(status = API.Status.STABLE)
public record WriteOptions(Optional<DType> dtype, long maxShardBytes, boolean overwrite) {

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
  }

  /** The tensors' own types, one file, nothing replaced. */
  public static WriteOptions defaults() {
    return new WriteOptions(Optional.empty(), Long.MAX_VALUE, false);
  }

  /** All weights in this type ({@code --dtype}). */
  public WriteOptions withDtype(DType type) {
    return new WriteOptions(Optional.of(type), maxShardBytes, overwrite);
  }

  /** At most this many bytes of tensors in a file. */
  public WriteOptions withMaxShardBytes(long bytes) {
    return new WriteOptions(dtype, bytes, overwrite);
  }

  /** Replaces a model directory that is there. */
  public WriteOptions overwriting() {
    return new WriteOptions(dtype, maxShardBytes, true);
  }
}
