package org.canbridge.verifiers.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.Tensors;
import org.canbridge.verifiers.Call;
import org.canbridge.verifiers.CallPlan;
import org.canbridge.verifiers.CallRunner;
import org.canbridge.verifiers.Comparison;
import org.canbridge.verifiers.ParityCheck;
import org.canbridge.verifiers.ParityOptions;
import org.canbridge.verifiers.ParityReport;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.Replay;
import org.canbridge.verifiers.Tolerance;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

final class CallPlansTest {

  /** All bundles that the repository holds. */
  static List<String> bundles() throws IOException {
    try (Stream<Path> cases = Files.list(Fixtures.root())) {
      return cases
          .filter(c -> Files.exists(c.resolve("reference.safetensors")))
          .map(c -> c.getFileName().toString())
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("bundles")
  void planCoversTheBundle(String name) {
    try (ReferenceBundle bundle = ReferenceBundle.open(Fixtures.of(name))) {
      CallPlan plan = CallPlans.of(bundle);
      Map<String, CallRunner> runners = Replay.runners(bundle, plan);
      ParityReport report =
          ParityCheck.run(bundle, plan, Replay.subject(runners), ParityOptions.NONE);
      assertEquals(List.of(), report.findings().filter(f -> !f.comparison().passed()).toList());
      List<String> compared = new ArrayList<>();
      report.findings().forEach(f -> compared.add(f.comparison().name()));
      assertEquals(new TreeSet<>(compared).size(), compared.size());
      assertEquals(bundle.outputs().size() + bundle.activations().size(), compared.size());
      Set<String> used =
          plan.calls().stream()
              .filter(c -> ((Replay) runners.get(c.name())).runs > 0)
              .flatMap(c -> c.inputs().stream())
              .map(Call.Input::source)
              .collect(Collectors.toSet());
      assertTrue(used.containsAll(bundle.inputs().keySet()), () -> bundle.inputs() + " " + used);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "dit-tiny | cfg | output.cfg",
        "dit-tiny-train | model_weights | output.model_weights",
        "dit-fmnist | sample | output.sample.ddim50_cfg2",
        "dit-diffusers | official_at_t0 | output.official_at_t0",
        "uvit-tiny | cfg | output.cfg",
        "efficientvit-b-tiny | wide | activation.backbone.stages.3.wide, output.wide",
        "vae-tiny | decode | output.decoded",
        "clip-text-tiny | masked | output.masked.last_hidden_state, output.masked.pooler_output",
        "onnx-dit-tiny | forward | output, output.torch"
      })
  void tensorsBelongToTheirCalls(String name, String call, String expected) {
    try (ReferenceBundle bundle = ReferenceBundle.open(Fixtures.of(name))) {
      CallPlan plan = CallPlans.of(bundle);
      Map<String, CallRunner> runners = Replay.runners(bundle, plan);
      ParityReport report =
          ParityCheck.run(bundle, plan, Replay.subject(runners), ParityOptions.NONE);
      Map<String, Set<String>> byCall = new TreeMap<>();
      report
          .findings()
          .forEach(
              f ->
                  byCall
                      .computeIfAbsent(f.call(), c -> new TreeSet<>())
                      .add(f.comparison().name()));
      assertEquals(Set.of(expected.split(", ")), byCall.get(call));
    }
  }

  @Test
  void guidedForwardGetsItsOwnInputs() {
    try (ReferenceBundle bundle = ReferenceBundle.open(Fixtures.of("dit-tiny"))) {
      Map<String, CallRunner> runners = Replay.runners(bundle, CallPlans.of(bundle));
      ParityCheck.run(bundle, CallPlans.of(bundle), Replay.subject(runners), ParityOptions.NONE);
      Replay cfg = (Replay) runners.get("cfg");
      assertEquals(List.of("x", "t", "y"), List.copyOf(cfg.inputs.keySet()));
      assertEquals(TensorType.of(DType.F32, 6, 4, 8, 8), cfg.inputs.get("x").type());
    }
  }

  @Test
  void zerosReplaceTheTimestep() {
    try (ReferenceBundle bundle = ReferenceBundle.open(Fixtures.of("dit-diffusers"))) {
      Map<String, CallRunner> runners = Replay.runners(bundle, CallPlans.of(bundle));
      ParityCheck.run(bundle, CallPlans.of(bundle), Replay.subject(runners), ParityOptions.NONE);
      Replay replay = (Replay) runners.get("at_t0");
      assertTrue(
          Comparison.of(
                  "t",
                  MemoryTensor.of(new long[3], 3),
                  replay.inputs.get("t"),
                  Tolerance.of(DType.I64))
              .passed());
      assertEquals(3, Tensors.longs(replay.inputs.get("y")).length);
    }
  }
}
