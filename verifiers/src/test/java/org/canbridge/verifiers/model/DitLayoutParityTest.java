package org.canbridge.verifiers.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.verifiers.ParityOptions;
import org.canbridge.verifiers.ParityReport;
import org.canbridge.verifiers.ReferenceBundle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * DiT in diffusers' layout and from ONNX files: every value of the bundles, straight from the
 * published file or folder and again from the imported model directory.
 */
class DitLayoutParityTest {
  @TempDir Path folder;

  @ParameterizedTest(name = "{0}/{1}")
  @CsvSource({
    "dit-diffusers, '', 16",
    "dit-diffusers, diffusion_pytorch_model.safetensors, 16",
    "dit-diffusers-sharded, '', 11",
    "dit-diffusers-distinct, '', 12",
    "onnx-dit-tiny, model.onnx, 2",
    "onnx-dit-tiny-external, model.onnx, 2",
    "onnx-dit-tiny-legacy, model.onnx, 2",
    "onnx-dit-tiny-legacy-folded, model.onnx, 2"
  })
  void bundlesAreReproduced(String name, String file, int tensors) throws IOException {
    Path reference = Fixtures.of(name);
    Path imported = folder.resolve("model");
    try (ReferenceBundle bundle = ReferenceBundle.open(reference)) {
      try (ModelSubject subject =
          ModelSubject.open(reference.resolve(file), ImportOptions.defaults(), bundle)) {
        check(subject, tensors);
        ModelDirectory.write(imported, subject.model().checkpoint(), WriteOptions.defaults());
      }
      try (ModelSubject subject = ModelSubject.open(imported, ImportOptions.defaults(), bundle)) {
        check(subject, tensors);
      }
    }
  }

  private static void check(ModelSubject subject, int tensors) {
    ParityReport report = subject.check(ParityOptions.NONE);
    assertTrue(
        report.passed(),
        () -> report.findings().map(Object::toString).collect(Collectors.joining("\n")));
    assertEquals(0, report.notChecked());
    assertEquals(tensors, report.equal());
  }
}
