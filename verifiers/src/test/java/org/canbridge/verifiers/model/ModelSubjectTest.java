package org.canbridge.verifiers.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.formats.TensorFiles;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.canbridge.verifiers.Comparison;
import org.canbridge.verifiers.ParityOptions;
import org.canbridge.verifiers.ParityReport;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.report.TextReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ModelSubjectTest {
  @TempDir private Path folder;

  private static ParityReport check(Path model, String reference) {
    try (ReferenceBundle bundle = ReferenceBundle.open(Fixtures.of(reference));
        ModelSubject subject = ModelSubject.open(model, ImportOptions.defaults(), bundle)) {
      return subject.check(ParityOptions.NONE);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "dit-tiny, checkpoint.pt, 16",
    "dit-tiny-bf16, checkpoint.pt, 6",
    "dit-tiny-fp16, checkpoint.pt, 6",
    "dit-tiny-legacy, checkpoint.pt, 12",
    "dit-tiny-nosigma-p4, checkpoint.pt, 15",
    "dit-tiny-train, 0050000.pt, 13",
    "dit-fmnist, checkpoint.pt, 16"
  })
  void everyTensorOfAPublishedFileIsEqual(String name, String file, long tensors) {
    ParityReport report = check(Fixtures.of(name).resolve(file), name);
    assertTrue(report.passed(), () -> TextReport.of(report));
    assertEquals(tensors, report.equal());
    assertEquals(0, report.notChecked());
    assertEquals(Optional.of(file), report.referenceCheckpoint());
  }

  @Test
  void oneWrongWeightIsTracedToItsBlock() throws IOException {
    Path changed = folder.resolve("changed.safetensors");
    try (TensorFile original = TensorFiles.open(Fixtures.of("dit-tiny").resolve("checkpoint.pt"))) {
      Map<String, TensorData> tensors = new LinkedHashMap<>(original.tensors());
      tensors.computeIfPresent("blocks.1.mlp.fc1.bias", (name, bias) -> withLastElementMoved(bias));
      SafetensorsWriter.write(changed, tensors, Map.of());
    }
    ParityReport report = check(changed, "dit-tiny");
    assertFalse(report.passed());
    ParityReport.Finding first = report.firstDifference().orElseThrow();
    assertEquals("forward", first.call());
    assertEquals("activation.blocks.1", first.comparison().name());
    assertTrue(
        report
            .findings()
            .takeWhile(f -> !f.equals(first))
            .map(ParityReport.Finding::comparison)
            .allMatch(Comparison::passed));
    assertEquals(Optional.empty(), report.referenceCheckpoint());
  }

  private static TensorData withLastElementMoved(TensorData bias) {
    float[] values = Tensors.floats(bias);
    values[values.length - 1] += 0.5f;
    return MemoryTensor.of(values, values.length);
  }
}
