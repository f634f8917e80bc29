package org.canbridge.runtime.engine;

import java.util.Optional;
import org.apiguardian.api.API;

/**
 * What a network runs on and in.
 *
 * @param device where; empty for the engine's own choice, a GPU if it has one
 * @param precision of its numbers
 */
@API(status = API.Status.STABLE)
public record Target(Optional<TorchDevice> device, Precision precision) {
  /** float32 on the engine's device. */
  public static final Target F32 = of(Precision.F32);

  /** bfloat16 on the engine's device. */
  public static final Target BF16 = of(Precision.BF16);

  /** float64 on the engine's device. */
  public static final Target F64 = of(Precision.F64);

  /** Refuses what no device of a kind can do. */
  public Target {
    if (precision == Precision.F64
        && device.filter(d -> d.kind() == TorchDevice.Kind.MPS).isPresent()) {
      throw new IllegalArgumentException("mps has no float64; take f32 or another device");
    }
  }

  /** On the engine's device. */
  public static Target of(Precision precision) {
    return new Target(Optional.empty(), precision);
  }

  /** The same device with other numbers. */
  public Target with(Precision other) {
    return new Target(device, other);
  }

  /**
   * The device, the engine's own choice if none was named.
   *
   * @throws IllegalArgumentException if this machine does not have it
   */
  TorchDevice place() {
    return device.map(TorchDevice::present).orElseGet(TorchDevice::usual);
  }
}
