package org.canbridge.verifiers.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.NormFolding;
import org.canbridge.runtime.engine.Target;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.safetensors.SafetensorsFile;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.canbridge.verifiers.Comparison;
import org.canbridge.verifiers.Outcome;
import org.canbridge.verifiers.ParityOptions;
import org.canbridge.verifiers.ParityReport;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.junit.ParityAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** EfficientViTs without batch norms against what the originals with norms computed. */
class FoldedNormsTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "efficientvit-b-tiny, efficientvit_b_tiny.pt",
    "efficientvit-l-tiny, efficientvit_l_tiny.pt",
    "efficientvit-timm-b-tiny, model.safetensors",
    "efficientvit-timm-l-tiny, model.safetensors"
  })
  void outputsPassByTheTableAndActivationsByAnOverrideWithItsReason(String name, String file)
      throws IOException {
    Path model = folded(Fixtures.of(name).resolve(file));
    try (ReferenceBundle bundle = ReferenceBundle.open(Fixtures.of(name))) {
      ParityReport report = check(model, bundle);
      ParityAssertions.assertParity(report);
      for (Comparison comparison : comparisons(report)) {
        String why = comparison.tolerance().orElseThrow().why();
        assertEquals(
            comparison.name().startsWith("output") ? "float32 default" : ACTIVATIONS,
            why,
            comparison.name());
      }
    }
  }

  private static final String ACTIVATIONS =
      "single small elements of the maps round to 1.6 times the float32 default against float64,"
          + " 2.8 times where batch norms were folded";

  /** A bundle that recorded a norm and its convolution, and an activation that is wrong. */
  @Test
  void whatIsGoneIsNotCheckedAndWhatIsLeftIs() throws IOException {
    Path source = Fixtures.of("efficientvit-timm-b-tiny");
    Path copy = Files.createDirectory(folder.resolve("bundle"));
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    try (SafetensorsFile file = SafetensorsFile.open(source.resolve("reference.safetensors"))) {
      tensors.putAll(file.tensors());
      TensorData stem = tensors.get("activation.stem");
      tensors.put("activation.stem.in_conv.conv", stem);
      tensors.put("activation.stem.in_conv.norm", stem);
      tensors.put("activation.head.in_conv.norm.wide", stem);
      float[] wrong = Tensors.floats(stem);
      wrong[0] += 1e-3f;
      tensors.put("activation.stem", MemoryTensor.of(wrong, 3, 8, 32, 32));
      SafetensorsWriter.write(copy.resolve("reference.safetensors"), tensors, Map.of());
    }
    Files.writeString(copy.resolve("reference.json"), "{\"family\": \"efficientvit\"}");
    Path model = folded(source.resolve("model.safetensors"));
    try (ReferenceBundle bundle = ReferenceBundle.open(copy)) {
      ParityReport report = check(model, bundle);
      assertFalse(report.passed());
      Map<String, Comparison> byName = new LinkedHashMap<>();
      comparisons(report).forEach(c -> byName.put(c.name(), c));
      assertEquals(Outcome.VALUES_DIFFER, byName.get("activation.stem").outcome());
      for (String gone :
          List.of("stem.in_conv.conv", "stem.in_conv.norm", "head.in_conv.norm.wide")) {
        Comparison comparison = byName.get("activation." + gone);
        assertEquals(Outcome.NOT_CHECKED, comparison.outcome(), gone);
        assertTrue(comparison.reason().orElseThrow().contains("was folded"), gone);
      }
      assertEquals(Outcome.EQUAL, byName.get("output").outcome());
    }
  }

  private Path folded(Path source) throws IOException {
    Path directory = folder.resolve("model");
    try (Checkpoint checkpoint = Checkpoints.open(source)) {
      ModelDirectory.write(
          directory,
          NormFolding.of(checkpoint, 0, Target.F32).checkpoint(),
          WriteOptions.defaults());
    }
    return directory;
  }

  private static ParityReport check(Path model, ReferenceBundle bundle) {
    try (ModelSubject subject = ModelSubject.open(model, ImportOptions.defaults(), bundle)) {
      return subject.check(ParityOptions.NONE);
    }
  }

  private static List<Comparison> comparisons(ParityReport report) {
    return report.calls().stream().flatMap(call -> call.comparisons().stream()).toList();
  }
}
