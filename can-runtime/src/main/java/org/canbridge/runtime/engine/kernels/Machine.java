package org.canbridge.runtime.engine.kernels;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
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

  /** Instructions that kernels are made for. */
  private static final Pattern INSTRUCTIONS =
      Pattern.compile("(avx|amx|fma|f16c|sve|asimd|bf16).*");

  /** Variables of oneDNN, MKL, ATen and DJL that choose kernels or another library. */
  private static final Pattern VARIABLES =
      Pattern.compile("(ONEDNN|DNNL|MKL|ATEN|TORCH|PYTORCH|KMP)_.*");

  /** Keeps its own copies, in order. */
  public Machine {
    cpu = new LinkedHashMap<>(cpu);
    software = new LinkedHashMap<>(software);
    environment = new TreeMap<>(environment);
  }

  /** The machine that this runs on. */
  public static Machine here(Map<String, String> software) {
    Map<String, String> environment = new TreeMap<>(System.getenv());
    environment.keySet().removeIf(name -> !VARIABLES.matcher(name).matches());
    return new Machine(cpu(CPU_INFO), software, environment);
  }

  /** The first processor of a {@code /proc/cpuinfo}; what Java knows where there is none. */
  static Map<String, String> cpu(Path info) {
    Map<String, String> cpu = new LinkedHashMap<>();
    cpu.put("architecture", System.getProperty("os.arch"));
    String text;
    try {
      text = Files.readString(info, StandardCharsets.UTF_8);
    } catch (IOException e) {
      cpu.put("system", System.getProperty("os.name"));
      String model = System.getenv("PROCESSOR_IDENTIFIER"); // Windows
      cpu.put("model name", model == null ? "unknown" : model);
      return cpu;
    }
    for (String field : CPU_FIELDS) {
      field(text, field).ifPresent(value -> cpu.put(field, value));
    }
    String flags = field(text, "flags").or(() -> field(text, "Features")).orElse("");
    cpu.put(
        "instructions",
        Arrays.stream(flags.split(" "))
            .filter(flag -> INSTRUCTIONS.matcher(flag).matches())
            .sorted()
            .collect(Collectors.joining(" ")));
    return cpu;
  }

  private static Optional<String> field(String text, String name) {
    Matcher line = Pattern.compile("(?m)^" + name + "\\s*: (.*)$").matcher(text);
    return line.find() ? Optional.of(line.group(1).strip()) : Optional.empty();
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
