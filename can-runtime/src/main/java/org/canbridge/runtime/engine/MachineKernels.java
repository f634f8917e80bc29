package org.canbridge.runtime.engine;

import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.util.Utils;
import java.util.HashMap;
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
  private static final Map<TorchDevice, KernelReport> REPORTS = new HashMap<>();

  private MachineKernels() {}

  /** What programs of a target ask for. */
  public static Kernels of(Target target) {
    TorchDevice device = target.place();
    boolean checked = target.precision() != Precision.F64 && canBeChecked(device);
    Kernels kernels = checked ? report(device).kernels(target.precision().type()) : Kernels.PLAIN;
    return device.isCpu() ? kernels : kernels.withSamplesTogether();
  }

  /** What is known of the kernels that a target's programs ask for, in one line. */
  public static String summary(Target target) {
    TorchDevice device = target.place();
    return canBeChecked(device)
        ? report(device).summary(target.precision().type())
        : "not checked; " + device + " has no float64";
  }

  /** Kernels are compared with float64, which Apple's GPUs lack. */
  private static boolean canBeChecked(TorchDevice device) {
    return device.kind() != TorchDevice.Kind.MPS;
  }

  /** What is known of the engine's own device; checks it if nothing is. */
  public static KernelReport report() {
    return report(TorchDevice.usual());
  }

  private static synchronized KernelReport report(TorchDevice device) {
    return REPORTS.computeIfAbsent(device, d -> store().read(machine(d)).orElseGet(() -> check(d)));
  }

  /** Checks the engine's own device again, and keeps the result. */
  public static synchronized KernelReport recheck() {
    TorchDevice device = TorchDevice.usual();
    REPORTS.put(device, check(device));
    return REPORTS.get(device);
  }

  /** Where results are kept. */
  public static KernelStore store() {
    return new KernelStore(Utils.getCacheDir().resolve("canbridge"));
  }

  private static KernelReport check(TorchDevice device) {
    long start = System.nanoTime();
    List<Measurement> found = KernelCheck.all(device);
    KernelReport made =
        new KernelReport(machine(device), (System.nanoTime() - start) / 1_000_000, found);
    store().write(made);
    return made;
  }

  private static Machine machine(TorchDevice device) {
    Map<String, String> software = new LinkedHashMap<>();
    software.put("PyTorch", TorchEngine.get().getVersion());
    software.put("built with", String.join(" ", new TreeSet<>(JniUtils.getFeatures())));
    software.put("DJL", Engine.getDjlVersion());
    software.put("canbridge", Provenance.version());
    software.put("device", device.toString());
    software.put("threads", Integer.toString(JniUtils.getNumThreads()));
    return Machine.here(software);
  }
}
