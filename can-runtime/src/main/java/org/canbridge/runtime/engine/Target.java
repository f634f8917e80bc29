package org.canbridge.runtime.engine;

import java.util.Optional;
import org.apiguardian.api.API;

/**
 * What a network runs on and in.
 *
 * @param engine what runs it
 * @param device where; empty for the engine's own choice: PyTorch's is a GPU if it has one, ONNX
 *     Runtime's the processor
 * @param precision of its numbers
 */
@API(status = API.Status.STABLE)
public record Target(EngineName engine, Optional<TorchDevice> device, Precision precision) {
  /** float32 on PyTorch's device. */
  public static final Target F32 = of(Precision.F32);

  /** bfloat16 on PyTorch's device. */
  public static final Target BF16 = of(Precision.BF16);

  /** float64 on PyTorch's device. */
  public static final Target F64 = of(Precision.F64);

  /** Refuses what no engine or device of a kind can do. */
  public Target {
    boolean mps = device.filter(d -> d.kind() == TorchDevice.Kind.MPS).isPresent();
    if (engine == EngineName.ONNXRUNTIME && (mps || precision != Precision.F32)) {
      throw new IllegalArgumentException(
          "onnxruntime computes in f32, on cpu or cuda; take these or pytorch");
    }
    if (precision == Precision.F64 && mps) {
      throw new IllegalArgumentException("mps has no float64; take f32 or another device");
    }
  }

  /** In PyTorch. */
  public Target(Optional<TorchDevice> device, Precision precision) {
    this(EngineName.PYTORCH, device, precision);
  }

  /** On PyTorch's device. */
  public static Target of(Precision precision) {
    return new Target(Optional.empty(), precision);
  }

  /** The same engine and device with other numbers. */
  public Target with(Precision other) {
    return new Target(engine, device, other);
  }

  /** The same device and numbers on another engine. */
  public Target on(EngineName other) {
    return new Target(other, device, precision);
  }

  /**
   * This target.
   *
   * @throws IllegalArgumentException if this machine does not have its device
   */
  public Target present() {
    device.ifPresent(engine::check);
    return this;
  }

  /**
   * PyTorch's device, its own choice if none was named.
   *
   * @throws IllegalArgumentException if this machine does not have it
   */
  TorchDevice place() {
    return device.map(TorchDevice::present).orElseGet(TorchDevice::usual);
  }
}
