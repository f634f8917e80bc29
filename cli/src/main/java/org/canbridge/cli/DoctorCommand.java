package org.canbridge.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.canbridge.runtime.engine.MachineKernels;
import org.canbridge.runtime.engine.kernels.KernelReport;
import org.canbridge.runtime.engine.kernels.Measurement;

/** {@code canbridge doctor}: whether the native library computes rightly on this machine. */
final class DoctorCommand implements Command {
  private static final Opt<Boolean> RECHECK =
      Opt.flag("recheck").help("check again, whatever is kept");

  /** What native.env sets. */
  private static final List<String> MEMORY =
      List.of(
          "MALLOC_ARENA_MAX",
          "MALLOC_MMAP_MAX_",
          "MALLOC_TRIM_THRESHOLD_",
          "GLIBC_TUNABLES",
          "OMP_WAIT_POLICY");

  @Override
  public About about() {
    return new About(
        "doctor",
        "whether the native library computes rightly on this machine",
        "[--recheck] [--json]",
        "Shows the machine, the versions, and what a check of the native library's operators"
            + " found: the largest error of results and gradients against float64, relative to the"
            + " largest value, in each precision. The check runs by itself when a network is first"
            + " opened on a machine; its result is kept beside DJL's files. A kernel that is wrong is"
            + " replaced where something can take its place; a command that needs one that nothing can"
            + " replace stops. Exit status 1 if there is such a kernel.",
        List.of(
            new Example("doctor", "what is known of this machine"),
            new Example("doctor --recheck", "after an update of the system, or in doubt")));
  }

  @Override
  public List<OptionGroup> options() {
    return List.of(OptionGroup.own(RECHECK, CommonOptions.JSON));
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws Exception {
    KernelReport report =
        invocation.get(RECHECK) ? MachineKernels.recheck() : MachineKernels.report();
    if (invocation.get(CommonOptions.JSON)) {
      context.json(json(report));
    } else {
      context.out().print(text(report));
    }
    return report.isUsable() ? ExitStatus.OK : ExitStatus.DIFFERENCE;
  }

  /** The variables of native.env that are set. */
  private static Map<String, String> memory() {
    Map<String, String> set = new LinkedHashMap<>();
    for (String name : MEMORY) {
      String value = System.getenv(name);
      if (value != null) {
        set.put(name, value);
      }
    }
    return set;
  }

  private static ObjectNode json(KernelReport report) {
    ObjectNode json = report.explained();
    json.put("digest", report.digest());
    json.put("file", MachineKernels.store().file(report.machine()).toString());
    json.put("java", System.getProperty("java.version"));
    ObjectNode memory = json.putObject("memory");
    memory().forEach(memory::put);
    return json;
  }

  private static String text(KernelReport report) {
    StringBuilder text = new StringBuilder();
    line(text, "cpu", listed(report.machine().cpu()));
    line(text, "software", listed(report.machine().software()));
    line(text, "java", System.getProperty("java.version"));
    Map<String, String> environment = new LinkedHashMap<>(report.machine().environment());
    environment.putAll(memory());
    line(text, "environment", environment.isEmpty() ? "nothing set" : listed(environment));
    line(text, "check", report.milliseconds() + " ms, sha256 " + report.digest());
    line(text, "kept in", MachineKernels.store().file(report.machine()).toString());
    text.append(
        String.format(
            Locale.ROOT,
            "%n%-28s %-4s %9s %9s %8s  %s%n",
            "kernel",
            "type",
            "results",
            "gradients",
            "limit",
            "verdict: what programs do"));
    for (Measurement each : report.measurements()) {
      text.append(
          String.format(
              Locale.ROOT,
              "%-28s %-4s %9s %9s %8.0e  %s: %s%n",
              each.kernel().label(),
              each.typeName(),
              each.present() ? error(each.output()) : "-",
              each.isDifferentiated() ? error(each.gradients()) : "-",
              Measurement.limit(each.type()),
              each.verdict(),
              report.decision(each)));
    }
    return text.toString();
  }

  private static String error(double error) {
    return String.format(Locale.ROOT, "%.1e", error);
  }

  private static void line(StringBuilder text, String name, String value) {
    text.append(String.format(Locale.ROOT, "%-12s %s%n", name, value));
  }

  private static String listed(Map<String, String> values) {
    return values.entrySet().stream()
        .map(each -> each.getKey() + " " + each.getValue())
        .collect(Collectors.joining(", "));
  }
}
