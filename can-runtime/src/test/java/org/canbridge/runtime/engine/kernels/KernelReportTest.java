package org.canbridge.runtime.engine.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.tensors.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelReportTest {
  private static final Map<String, String> ZEN_5 =
      Map.of("vendor_id", "AuthenticAMD", "cpu family", "26");

  @TempDir Path folder;

  private static Machine machine(Map<String, String> cpu, String library) {
    return new Machine(cpu, Map.of("PyTorch", library), Map.of());
  }

  private static KernelReport report(Machine machine) {
    return new KernelReport(
        machine,
        420,
        List.of(
            new Measurement(Kernel.PARTIAL_CONVOLUTION, DType.F32, 1e-7, 2e-7, true),
            new Measurement(Kernel.FILLED_CONVOLUTION, DType.F32, 1e-7, 2e-7, true),
            new Measurement(Kernel.PARTIAL_CONVOLUTION, DType.BF16, Double.NaN, 0.4, true),
            new Measurement(Kernel.FILLED_CONVOLUTION, DType.BF16, 0.7, 0.01, true),
            new Measurement(Kernel.NORM, DType.BF16, 0.2, 0.1, true),
            new Measurement(Kernel.PACKED_LINEAR, DType.BF16, Double.NaN, 0, false)));
  }

  /** What a check finds there is a matter of what lies in memory. */
  @Test
  void aKernelThatIsKnownToBeWrongIsNotUsedWhateverACheckFinds() {
    KernelReport there = report(machine(ZEN_5, "2.7.1"));
    assertEquals(ConvolutionForm.PADDED, there.kernels(DType.F32).form(Kernel.PARTIAL_CONVOLUTION));
    assertEquals(
        "known to be wrong on this CPU: channels filled up to multiples of 16",
        there.decision(there.measurements().get(0)));
    for (Machine other :
        List.of(
            machine(ZEN_5, "2.13.0"),
            machine(Map.of("vendor_id", "AuthenticAMD", "cpu family", "25"), "2.7.1"),
            machine(Map.of("vendor_id", "GenuineIntel", "cpu family", "26"), "2.7.1"))) {
      assertEquals(Map.of(), report(other).kernels(DType.F32).convolutions());
    }
  }

  @Test
  void everyDecisionIsSaid() {
    KernelReport report = report(machine(Map.of(), "2.7.1"));
    assertEquals(
        List.of(
            "used",
            "not needed",
            "computed in float32",
            "not used",
            "commands that need it stop",
            "not here; plain linear layers"),
        report.measurements().stream().map(report::decision).toList());
    assertEquals("checked, sha256 " + report.digest(), report.summary(DType.F32));
    assertEquals(
        "checked, sha256 "
            + report.digest()
            + "; convolution, partial blocks: computed in float32"
            + "; norms: commands that need it stop"
            + "; packed linear: not here; plain linear layers",
        report.summary(DType.BF16));
    assertFalse(report.isUsable());
    ObjectNode norms = (ObjectNode) report.explained().at("/measurements/4");
    assertEquals("wrong", norms.path("verdict").asText());
    assertEquals("commands that need it stop", norms.path("decision").asText());
  }

  @Test
  void aReportIsKeptForItsMachineAlone() throws IOException {
    KernelStore store = new KernelStore(folder.resolve("not/yet/there"));
    KernelReport report = report(machine(ZEN_5, "2.7.1"));
    assertEquals(Optional.empty(), store.read(report.machine()));
    store.write(report);
    KernelReport kept = store.read(report.machine()).orElseThrow();
    assertEquals(report.json(), kept.json());
    assertEquals(report.digest(), kept.digest());
    assertEquals(Optional.empty(), store.read(machine(ZEN_5, "2.7.2")));
    Path other = store.file(machine(ZEN_5, "2.7.2"));
    Files.copy(store.file(report.machine()), other);
    assertEquals(Optional.empty(), store.read(machine(ZEN_5, "2.7.2")), "another's file");
    assertNotEquals(report.digest(), report(machine(ZEN_5, "2.7.2")).digest());
  }

  @Test
  void aFileThatCannotBeReadOrWrittenCostsACheckAndNothingElse() throws IOException {
    KernelReport report = report(machine(ZEN_5, "2.7.1"));
    KernelStore store = new KernelStore(folder);
    store.write(report);
    Path file = store.file(report.machine());
    String text = Files.readString(file);
    for (String broken :
        List.of(
            "", "{", "[]", text.replace("norms", "prayers"), text.replace("\"0.4\"", "\"?\""))) {
      Files.writeString(file, broken);
      assertEquals(Optional.empty(), store.read(report.machine()), broken);
    }
    Path blocked = Files.writeString(folder.resolve("file"), "no folder");
    KernelStore nowhere = new KernelStore(blocked.resolve("below"));
    nowhere.write(report);
    assertEquals(Optional.empty(), nowhere.read(report.machine()));
  }

  @Test
  void aProcessorIsDescribedByWhatChoosesKernels() throws IOException {
    Path info = folder.resolve("cpuinfo");
    Files.writeString(
        info,
        """
        processor\t: 0
        vendor_id\t: AuthenticAMD
        cpu family\t: 26
        model\t\t: 2
        model name\t: AMD EPYC 9B45
        stepping\t: 1
        cpu MHz\t\t: 2700.000
        flags\t\t: fpu sse4_2 avx512f avx2 fma amx_tile avx512_bf16 smep
        """);
    Map<String, String> cpu = Machine.cpu(info);
    assertEquals("26", cpu.get("cpu family"));
    assertEquals("2", cpu.get("model"));
    assertEquals("AMD EPYC 9B45", cpu.get("model name"));
    assertEquals("amx_tile avx2 avx512_bf16 avx512f fma", cpu.get("instructions"));
    assertFalse(cpu.toString().contains("2700"), "changes from second to second");
    assertTrue(Machine.cpu(folder.resolve("none")).containsKey("architecture"));
  }
}
