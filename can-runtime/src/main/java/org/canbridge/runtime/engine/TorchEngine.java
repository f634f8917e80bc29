package org.canbridge.runtime.engine;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.LibUtils;
import com.sun.jna.NativeLibrary;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.slf4j.LoggerFactory;

/**
 * DJL's PyTorch engine, set up once. What the libraries below say on stderr is said only to whom
 * DJL's own warnings are said to: PyTorch warns of kernels that a processor lacks at each call that
 * does without them, JNA of a temporary folder that it cannot write, with a stack trace.
 */
final class TorchEngine {
  private static final String NAME = "PyTorch";

  private static final boolean QUIET = !LoggerFactory.getLogger("ai.djl").isWarnEnabled();

  /** A logger that nobody holds loses its level. */
  private static final Logger JNA = Logger.getLogger("com.sun.jna");

  /** {@code GLOG_ERROR} of c10/util/logging_is_not_google_glog.h. */
  private static final int ERRORS = 2;

  private static boolean ready;

  static {
    // The profiling executor doubles the time of the first two calls and gains nothing here; the
    // property is read at every call.
    if (System.getProperty("ai.djl.pytorch.graph_optimizer") == null) {
      System.setProperty("ai.djl.pytorch.graph_optimizer", "false");
    }
    if (QUIET) {
      JNA.setLevel(Level.OFF);
    }
  }

  private TorchEngine() {}

  /** The engine, loaded. */
  static synchronized Engine get() {
    Engine engine = Engine.getEngine(NAME);
    if (!ready && QUIET) {
      silence();
    }
    ready = true;
    return engine;
  }

  /**
   * Sets PyTorch's own level. Its variable TORCH_CPP_LOG_LEVEL is read by Python's module alone
   * (c10::initLogging); where the flag has another name, warnings are shown as before.
   */
  private static void silence() {
    Path folder = Path.of(LibUtils.getLibtorchPath());
    try {
      NativeLibrary.getInstance(folder.resolve(System.mapLibraryName("c10")).toString())
          .getGlobalVariableAddress("FLAGS_caffe2_log_level")
          .setInt(0, ERRORS);
    } catch (LinkageError e) {
      JNA.log(Level.FINE, "PyTorch's warnings are shown", e);
    }
  }

  static Model newModel(TorchDevice device) {
    get();
    return Model.newInstance("canbridge", device.device(), NAME);
  }

  static NDManager newManager(TorchDevice device) {
    get();
    return NDManager.newBaseManager(device.device(), NAME);
  }
}
