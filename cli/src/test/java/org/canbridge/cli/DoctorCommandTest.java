package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.engine.MachineKernels;
import org.canbridge.runtime.engine.kernels.Kernel;
import org.canbridge.runtime.engine.kernels.KernelException;
import org.canbridge.runtime.engine.kernels.Kernels;
import org.canbridge.runtime.engine.kernels.Measurement;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.files.Json;
import org.junit.jupiter.api.Test;

class DoctorCommandTest {

  @Test
  void showsTheMachineAndEveryKernel() {
    Outcome outcome = Outcome.of("doctor");
    assertEquals(0, outcome.status(), outcome.err());
    String text = outcome.out();
    String digest = MachineKernels.report().digest();
    assertTrue(text.contains(" ms, sha256 " + digest + "\n"), text);
    for (String expected : List.of("PyTorch 2.", "DJL 0.", "threads ", "\nkept in      ")) {
      assertTrue(text.contains(expected), text);
    }
    for (Kernel kernel : Kernel.values()) {
      assertTrue(text.contains("\n" + kernel.label() + "  "), text);
    }
    assertTrue(
        text.lines().anyMatch(line -> line.matches("attention +f32 .* 1e-05 {2}right: used")),
        text);
  }

  @Test
  void givesTheSameAsJson() throws Exception {
    Outcome outcome = Outcome.of("doctor", "--json");
    assertEquals(0, outcome.status(), outcome.err());
    JsonNode json = Json.parse(outcome.out().getBytes(StandardCharsets.UTF_8));
    assertEquals(MachineKernels.report().digest(), json.path("digest").asText());
    assertEquals("2.7.1", json.at("/machine/software/PyTorch").asText());
    assertTrue(json.at("/machine/cpu").has("architecture"));
    assertTrue(json.path("memory").isObject());
    List<String> names = new ArrayList<>();
    json.path("measurements")
        .forEach(
            each -> names.add(each.path("kernel").asText() + " " + each.path("type").asText()));
    assertTrue(names.containsAll(List.of("AdamW f32", "norms bf16", "packed linear bf16")));
    JsonNode first = json.at("/measurements/0");
    assertEquals("right", first.path("verdict").asText());
    assertEquals("used", first.path("decision").asText());
  }

  /** A command that needs a kernel that is wrong and has no substitute. */
  @Test
  void aKernelThatNothingReplacesStopsTheCommandByName() {
    Measurement wrong = new Measurement(Kernel.ATTENTION, DType.BF16, 0.25, 0.5, true);
    Kernels kernels = new Kernels(Map.of(), false, Map.of(Kernel.ATTENTION, wrong));
    KernelException refused =
        assertThrows(KernelException.class, () -> kernels.require(Kernel.ATTENTION, false));
    assertEquals(
        new Outcome(
            4,
            "",
            """
            canbridge: the library computes 'attention' wrongly in bf16 on this machine, and nothing can take its place
              expected: within 3e-02 of float64
              actual: output 2.5e-01, gradients 5.0e-01
              next: canbridge doctor shows what was measured; take another --precision or another machine
            """),
        Outcome.of(
            new GreetCommand(
                (invocation, context) -> {
                  throw refused;
                }),
            "greet"));
  }
}
