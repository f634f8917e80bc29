package org.canbridge.verifiers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.verifiers.model.CallPlans;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ParityCheckTest {
  private static final String DIGEST = "0123456789abcdef".repeat(4);
  private static final CallPlan PLAN =
      CallPlan.of(
          "test",
          Call.named("forward").inputs("x").output("output", "output").build(),
          Call.named("wide")
              .input("x", "x.wide")
              .output("output.wide", "output")
              .suffix("wide")
              .build());

  @TempDir private Path folder;
  private ReferenceBundle bundle;
  private final Replay forward = new Replay();
  private final Replay wide = new Replay();

  @BeforeEach
  void writeBundle() throws IOException {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    // Alphabetic, as files are; the network computes stem, layer.0, layer.1, head.
    for (String name : List.of("head", "layer.0", "layer.0.wide", "layer.1", "stem")) {
      tensors.put("activation." + name, value(1));
    }
    tensors.put("input.x", value(1));
    tensors.put("input.x.wide", value(2));
    tensors.put("output", value(1));
    tensors.put("output.wide", value(1));
    BundleFiles.write(
        folder,
        "{\"checkpoints\": {\"model.pt\": {\"sha256\": \"" + DIGEST + "\", \"bytes\": 5}}}",
        tensors);
    bundle = ReferenceBundle.open(folder);
    for (String name : List.of("unused", "stem", "layer.0", "layer.1", "head", "output")) {
      forward.values.put(name, value(1));
    }
    wide.values.put("layer.0", value(1));
    wide.values.put("output", value(1));
  }

  @AfterEach
  void close() {
    bundle.close();
  }

  private static TensorData value(float value) {
    return MemoryTensor.of(new float[] {value, 1}, 2);
  }

  private ParityReport check(ParityOptions options) {
    return check(options, Map.of("forward", forward, "wide", wide));
  }

  private ParityReport check(ParityOptions options, Map<String, CallRunner> runners) {
    return ParityCheck.run(
        bundle,
        PLAN,
        new Subject("tiny", Optional.of(DIGEST), Map.of("precision", "f32"), runners),
        options);
  }

  private static List<String> lines(ParityReport report) {
    return report
        .findings()
        .map(
            f ->
                f.call()
                    + " "
                    + f.comparison().name()
                    + " "
                    + f.comparison().outcome()
                    + f.comparison().reason().map(r -> ": " + r).orElse(""))
        .toList();
  }

  @Test
  void comparesActivationsInExecutionOrderThenOutputs() {
    ParityReport report = check(ParityOptions.NONE);
    assertEquals(
        List.of(
            "forward activation.stem EQUAL",
            "forward activation.layer.0 EQUAL",
            "forward activation.layer.1 EQUAL",
            "forward activation.head EQUAL",
            "forward output EQUAL",
            "wide activation.layer.0.wide EQUAL",
            "wide output.wide EQUAL"),
        lines(report));
    assertEquals(List.of("stem", "layer.0", "layer.1", "head", "output"), forward.asked);
    assertEquals(1, forward.runs);
    assertEquals(1, wide.runs);
    assertTrue(report.passed());
    assertEquals(Optional.empty(), report.firstDifference());
    assertEquals(Optional.of("model.pt"), report.referenceCheckpoint());
    assertEquals(Map.of("precision", "f32"), report.environment());
  }

  @Test
  void namesTheFirstLayerThatDiffers() {
    forward.values.put("layer.1", value(1.1f));
    forward.values.put("head", value(1.2f));
    ParityReport report = check(ParityOptions.NONE);
    assertFalse(report.passed());
    assertEquals(2, report.failures());
    ParityReport.Finding first = report.firstDifference().orElseThrow();
    assertEquals("forward", first.call());
    assertEquals("activation.layer.1", first.comparison().name());
  }

  @Test
  void whatTheSubjectLacksIsAFailure() {
    forward.values.remove("layer.0");
    ParityReport report = check(ParityOptions.NONE, Map.of("forward", forward));
    assertEquals(
        List.of(
            "forward activation.stem EQUAL",
            "forward activation.layer.1 EQUAL",
            "forward activation.head EQUAL",
            "forward activation.layer.0 MISSING: the model has no value 'layer.0'",
            "forward output EQUAL",
            "wide activation.layer.0.wide MISSING: the model cannot make the call 'wide'",
            "wide output.wide MISSING: the model cannot make the call 'wide'"),
        lines(report));
    assertFalse(report.passed());
  }

  @Test
  void reasonsTurnWhatIsLackingIntoNotChecked() {
    forward.values.remove("layer.0");
    ParityReport report =
        check(
            ParityOptions.NONE
                .without("activation.layer.0", "fused with the norm")
                .without("activation.layer.0.wide", "no wide run")
                .without("output.*", "no wide run"),
            Map.of("forward", forward));
    assertEquals(
        List.of(
            "forward activation.stem EQUAL",
            "forward activation.layer.1 EQUAL",
            "forward activation.head EQUAL",
            "forward activation.layer.0 NOT_CHECKED: fused with the norm",
            "forward output EQUAL",
            "wide activation.layer.0.wide NOT_CHECKED: no wide run",
            "wide output.wide NOT_CHECKED: no wide run"),
        lines(report));
    assertTrue(report.passed());
    assertEquals(3, report.notChecked());
  }

  @Test
  void nothingComparedIsNoSuccess() {
    ParityReport report =
        check(
            ParityOptions.NONE
                .without("activation.*", "why")
                .without("output", "why")
                .without("output.*", "why"));
    assertEquals(0, report.failures());
    assertEquals(0, forward.runs);
    assertFalse(report.passed());
  }

  @Test
  void resultsThatWereAskedForAndNotGiven() {
    CallRunner silent =
        new CallRunner() {
          @Override
          public List<String> values() {
            return forward.values();
          }

          @Override
          public Map<String, TensorData> run(Map<String, TensorData> inputs, List<String> values) {
            return Map.of("surprise", value(0));
          }
        };
    ParityReport report = check(ParityOptions.NONE, Map.of("forward", silent, "wide", wide));
    assertEquals(
        List.of(
            "forward activation.stem MISSING: the model did not return 'stem'",
            "forward activation.layer.0 MISSING: the model did not return 'layer.0'",
            "forward activation.layer.1 MISSING: the model did not return 'layer.1'",
            "forward activation.head MISSING: the model did not return 'head'",
            "forward output MISSING: the model did not return 'output'",
            "forward surprise UNEXPECTED: the reference has no such tensor",
            "wide activation.layer.0.wide EQUAL",
            "wide output.wide EQUAL"),
        lines(report));
  }

  @Test
  void outputThatNoCallMakesIsAFailure() throws IOException {
    Path other = folder.resolve("other");
    BundleFiles.write(
        other, "{}", Map.of("input.x", value(1), "output", value(1), "output.odd", value(1)));
    try (ReferenceBundle odd = ReferenceBundle.open(other)) {
      Subject subject = Replay.subject(Map.of("forward", forward));
      ParityReport report = ParityCheck.run(odd, PLAN, subject, ParityOptions.NONE);
      assertEquals(
          List.of(
              "forward output EQUAL",
              "none output.odd MISSING: no call of the plan 'test' makes it"),
          lines(report));
      assertFalse(report.passed());
      assertTrue(
          ParityCheck.run(odd, PLAN, subject, ParityOptions.NONE.without("output.odd", "why"))
              .passed());
    }
  }

  @Test
  void bundleWithoutAnInputIsRefused() throws IOException {
    Path other = folder.resolve("other");
    BundleFiles.write(other, "{}", Map.of("input.z", value(1), "output", value(1)));
    try (ReferenceBundle incomplete = ReferenceBundle.open(other)) {
      InputFileException e =
          assertThrows(
              InputFileException.class,
              () ->
                  ParityCheck.run(
                      incomplete,
                      PLAN,
                      Replay.subject(Map.of("forward", forward)),
                      ParityOptions.NONE));
      assertEquals(BundleProblem.INPUT_MISSING, e.problem());
      assertEquals(
          "the reference bundle holds results of a call, but not all of its inputs\n"
              + "  expected: the inputs of the call 'forward' of the plan 'test'\n"
              + "  actual: inputs z\n"
              + "  file: "
              + other.resolve("reference.safetensors")
              + "\n  key: input.x\n"
              + "  next: add the input to the bundle, or leave the results out",
          e.getMessage());
    }
  }

  @Test
  void toleranceComesFromOptionThenCallThenTable() throws IOException {
    Tolerance loose = new Tolerance(1, 1, "a long run");
    CallPlan plan =
        CallPlan.of(
            "test",
            Call.named("forward")
                .inputs("x")
                .output("output.*", "*")
                .tolerance("output.sample.*", loose)
                .build());
    Path other = folder.resolve("other");
    BundleFiles.write(
        other,
        "{}",
        Map.of("input.x", value(1), "output.sample.a", value(1), "output.b", value(1)));
    forward.values.put("sample.a", value(1.5f));
    forward.values.put("b", value(1));
    forward.arithmetic = DType.BF16;
    try (ReferenceBundle sampled = ReferenceBundle.open(other)) {
      Subject subject = Replay.subject(Map.of("forward", forward));
      ParityReport report = ParityCheck.run(sampled, plan, subject, ParityOptions.NONE);
      Map<String, Tolerance> used = new LinkedHashMap<>();
      report
          .findings()
          .map(ParityReport.Finding::comparison)
          .forEach(c -> used.put(c.name(), c.tolerance().orElseThrow()));
      assertEquals(Map.of("output.sample.a", loose, "output.b", Tolerance.of(DType.BF16)), used);
      Tolerance strict = new Tolerance(0, 0, "asked for");
      ParityReport overridden =
          ParityCheck.run(sampled, plan, subject, ParityOptions.NONE.with(strict));
      assertEquals(
          strict,
          overridden.firstDifference().orElseThrow().comparison().tolerance().orElseThrow());
    }
  }

  @Test
  void unknownFamilyIsRunByThePlainPlan() {
    CallPlan plan = CallPlans.of(bundle);
    assertEquals("plain", plan.family());
    forward.values.put("wide", value(1));
    forward.values.put("layer.0.wide", value(1));
    ParityReport report =
        ParityCheck.run(
            bundle, plan, Replay.subject(Map.of("forward", forward)), ParityOptions.NONE);
    assertTrue(report.passed());
    assertEquals(List.of("x", "x.wide"), List.copyOf(forward.inputs.keySet()));
    assertEquals(7, report.equal());
  }

  @Test
  void departuresNeedAReason() {
    assertThrows(IllegalArgumentException.class, () -> ParityOptions.NONE.without("output", " "));
  }
}
