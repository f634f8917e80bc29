package org.canbridge.runtime.engine;

/** ONNX Runtime could not do what was asked of it; the message says what, why, and what to do. */
public final class OnnxRuntimeException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private OnnxRuntimeException(String what, String actual, String next, Throwable cause) {
    super(what + "\n  actual: " + actual + "\n  next: " + next, cause);
  }

  static OnnxRuntimeException notLoaded(Throwable cause) {
    Throwable reason = cause;
    while (reason.getCause() != null) {
      reason = reason.getCause();
    }
    return new OnnxRuntimeException(
        "ONNX Runtime's native library cannot be loaded",
        reason + " (" + System.getProperty("os.name") + " " + System.getProperty("os.arch") + ")",
        "it is there for Linux and macOS on ARM, Linux and Windows on x86-64, and needs a writable "
            + System.getProperty("java.io.tmpdir")
            + "; --engine pytorch does without it",
        cause);
  }

  static OnnxRuntimeException refused(String what, Throwable cause) {
    return new OnnxRuntimeException(
        "ONNX Runtime " + what, cause.getMessage(), "--engine pytorch runs the model", cause);
  }
}
