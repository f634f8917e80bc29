package org.canbridge.runtime.engine;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.util.Utils;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.canbridge.importers.model.Provenance;
import org.canbridge.runtime.engine.kernels.KernelReport;
import org.canbridge.runtime.engine.kernels.KernelStore;
import org.canbridge.runtime.engine.kernels.Kernels;
import org.canbridge.runtime.engine.kernels.Machine;
import org.canbridge.runtime.engine.kernels.Measurement;

/**
 * The kernels that are right on this machine. They are checked when the first network is opened and
 * never again, until the machine, the library or this program is another: what was found lies
 * beside DJL's own files ({@code DJL_CACHE_DIR}, else {@code ~/.djl.ai}).
 */
public final class MachineKernels {
  private static KernelReport report;

  private MachineKernels() {}

  /** What programs of a precision ask for. */
  public static Kernels of(Precision precision) {
    return precision == Precision.F64 ? Kernels.PLAIN : report().kernels(precision.type());
  }

  /** What is known of this machine; checks it if nothing is. */
  public static synchronized KernelReport report() {
    if (report == null) {
      report = store().read(machine()).orElseGet(MachineKernels::check);
    }
    return report;
  }

  /** Checks the machine again, and keeps the result. */
  public static synchronized KernelReport recheck() {
    report = check();
    return report;
  }

  /** Where results are kept. */
  public static KernelStore store() {
    return new KernelStore(Utils.getCacheDir().resolve("canbridge"));
  }

  private static KernelReport check() {
    long start = System.nanoTime();
    List<Measurement> found = KernelCheck.all();
    KernelReport made = new KernelReport(machine(), (System.nanoTime() - start) / 1_000_000, found);
    store().write(made);
    return made;
  }

  private static Machine machine() {
    Device device = TorchEngine.device();
    Map<String, String> software = new LinkedHashMap<>();
    software.put("PyTorch", Engine.getEngine(TorchEngine.NAME).getVersion());
    software.put("built with", String.join(" ", new TreeSet<>(JniUtils.getFeatures())));
    software.put("DJL", Engine.getDjlVersion());
    software.put("canbridge", Provenance.version());
    software.put("device", device.toString());
    software.put("threads", Integer.toString(JniUtils.getNumThreads()));
    return Machine.here(software);
  }
}
