package org.canbridge.runtime.engine.kernels;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringTokenizer;
import java.util.TreeMap;
import java.util.TreeSet;
import org.canbridge.tensors.files.Json;

/**
 * What decides which kernels run and whether they are right. A check holds for machines that are
 * equal in all of it.
 *
 * @param cpu what the system says about it, by its own names, e.g. {@code cpu family}
 * @param software by name: version of the library and of this program, device, threads
 * @param environment the variables that choose kernels, as far as they are set
 */
public record Machine(
    Map<String, String> cpu, Map<String, String> software, Map<String, String> environment) {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
  private static final List<String> CPU_FIELDS =
      List.of("vendor_id", "cpu family", "model", "model name", "stepping");

  /** Beginnings of the instructions that kernels are made for. */
  private static final List<String> INSTRUCTIONS =
      List.of("avx", "amx", "fma", "f16c", "sve", "asimd", "bf16");

  /** Beginnings of the variables that choose kernels or another library. */
  private static final List<String> VARIABLES =
      List.of("ONEDNN_", "DNNL_", "MKL_", "ATEN_", "TORCH_", "PYTORCH_", "KMP_");

  /** Keeps its own copies, in order. */
  public Machine {
    cpu = new LinkedHashMap<>(cpu);
    software = new LinkedHashMap<>(software);
    environment = new TreeMap<>(environment);
  }

  /** The machine that this runs on. */
  public static Machine here(Map<String, String> software) {
    Map<String, String> environment = new TreeMap<>();
    for (Map.Entry<String, String> variable : System.getenv().entrySet()) {
      if (begins(variable.getKey(), VARIABLES)) {
        environment.put(variable.getKey(), variable.getValue());
      }
    }
    return new Machine(cpu(CPU_INFO), software, environment);
  }

  // Loops and no patterns or streams: this runs before every network, in a JVM that is still cold.
  private static boolean begins(String name, List<String> beginnings) {
    for (String beginning : beginnings) {
      if (name.startsWith(beginning)) {
        return true;
      }
    }
    return false;
  }

  /** The first processor of a {@code /proc/cpuinfo}; what Java knows where there is none. */
  static Map<String, String> cpu(Path info) {
    Map<String, String> cpu = new LinkedHashMap<>();
    cpu.put("architecture", System.getProperty("os.arch"));
    try (BufferedReader lines = Files.newBufferedReader(info)) {
      for (String line = lines.readLine();
          line != null && !line.isBlank();
          line = lines.readLine()) {
        int colon = line.indexOf(':');
        String name = line.substring(0, Math.max(0, colon)).strip();
        String value = line.substring(colon + 1).strip();
        if (CPU_FIELDS.contains(name)) {
          cpu.put(name, value);
        } else if (name.equals("flags") || name.equals("Features")) {
          cpu.put("instructions", instructions(value));
        }
      }
    } catch (IOException e) {
      cpu.put("system", System.getProperty("os.name"));
      String model = System.getenv("PROCESSOR_IDENTIFIER"); // Windows
      cpu.put("model name", model == null ? "unknown" : model);
    }
    return cpu;
  }

  private static String instructions(String flags) {
    Set<String> known = new TreeSet<>();
    StringTokenizer words = new StringTokenizer(flags);
    while (words.hasMoreTokens()) {
      String flag = words.nextToken();
      if (begins(flag, INSTRUCTIONS)) {
        known.add(flag);
      }
    }
    return String.join(" ", known);
  }

  /**
   * Whether a kernel is known to be wrong here, whatever a check happens to find: dense
   * convolutions of libtorch 2.7 on AMD's family 26 (Zen 5) read memory that nothing wrote, and
   * what lies there may be zeros.
   */
  boolean isKnownWrong(Kernel kernel) {
    return kernel == Kernel.PARTIAL_CONVOLUTION
        && "AuthenticAMD".equals(cpu.get("vendor_id"))
        && "26".equals(cpu.get("cpu family"))
        && software.getOrDefault("PyTorch", "").startsWith("2.7.");
  }

  /** The same as JSON. */
  public ObjectNode json() {
    ObjectNode json = Json.object();
    put(json, "cpu", cpu);
    put(json, "software", software);
    put(json, "environment", environment);
    return json;
  }

  private static void put(ObjectNode json, String name, Map<String, String> values) {
    ObjectNode object = json.putObject(name);
    values.forEach(object::put);
  }
}
