package org.canbridge.runtime.engine;

import ai.onnxruntime.OrtProvider;
import java.util.Locale;
import org.apiguardian.api.API;

/** What runs networks. */
@API(status = API.Status.STABLE)
public enum EngineName {
  /** PyTorch through DJL, in TorchScript of our own; it alone trains. */
  PYTORCH("PyTorch through DJL") {
    @Override
    void check(TorchDevice device) {
      device.present();
    }
  },
  /** ONNX Runtime, in the ONNX graph that is exported. */
  ONNXRUNTIME("ONNX Runtime") {
    @Override
    void check(TorchDevice device) {
      if (device.kind() == TorchDevice.Kind.CUDA && !OnnxRuntime.has(OrtProvider.CUDA)) {
        throw new IllegalArgumentException(
            "the ONNX Runtime here runs on cpu alone; for '"
                + device
                + "' put com.microsoft.onnxruntime:onnxruntime_gpu "
                + OnnxRuntime.version()
                + " in the place of onnxruntime, with the CUDA and cuDNN that it names");
      }
    }
  };

  private final String title;

  EngineName(String title) {
    this.title = title;
  }

  /** What it is called in reports. */
  public String title() {
    return title;
  }

  /**
   * Refuses a device that is not there.
   *
   * @throws IllegalArgumentException if this engine cannot use it on this machine
   */
  abstract void check(TorchDevice device);

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
