package org.canbridge.runtime.engine;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import java.util.Optional;

/** ONNX Runtime, set up once. */
final class OnnxRuntime {
  private static final String THREADS = "OMP_NUM_THREADS";

  private OnnxRuntime() {}

  /** Loads the library when it is first asked for. */
  private static final class Library {
    static final OrtEnvironment ENVIRONMENT =
        OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "canbridge");

    static {
      try {
        ENVIRONMENT.setTelemetry(false); // on Windows it reports to the system
      } catch (OrtException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /**
   * The library.
   *
   * @throws OnnxRuntimeException if it cannot be loaded
   */
  static OrtEnvironment environment() {
    try {
      return Library.ENVIRONMENT;
    } catch (LinkageError e) {
      throw OnnxRuntimeException.notLoaded(e);
    }
  }

  static String version() {
    return environment().getVersion();
  }

  static boolean has(OrtProvider provider) {
    environment();
    return OrtEnvironment.getAvailableProviders().contains(provider);
  }

  /** Threads that a network runs in: as many as PyTorch takes. */
  static int threads() {
    String given = System.getenv(THREADS);
    return given != null && given.matches("[1-9]\\d{0,3}")
        ? Integer.parseInt(given)
        : Runtime.getRuntime().availableProcessors();
  }

  /**
   * How networks are opened: one operator at a time, in threads that wait asleep, as {@code
   * native.env} has it for PyTorch; the same bits each time.
   *
   * @param device empty for the processor
   */
  static OrtSession.SessionOptions options(Optional<TorchDevice> device) throws OrtException {
    environment();
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(threads());
    options.addConfigEntry("session.intra_op.allow_spinning", "0");
    options.setDeterministicCompute(true);
    if (device.isPresent() && !device.get().isCpu()) {
      try (OrtCUDAProviderOptions cuda = new OrtCUDAProviderOptions(device.get().index())) {
        cuda.add("use_tf32", "0"); // float32 means float32
        options.addCUDA(cuda);
      }
    }
    return options;
  }
}
