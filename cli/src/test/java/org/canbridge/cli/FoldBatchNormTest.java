package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.safetensors.SafetensorsFile;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code import --fold-batch-norm} and what can be done with the result. */
class FoldBatchNormTest {
  private static final Path CASE = Fixtures.of("efficientvit-timm-b-tiny");
  private static final String SOURCE = CASE.resolve("model.safetensors").toString();

  @TempDir private Path folder;

  private String at(String name) {
    return folder.resolve(name).toString();
  }

  @Test
  void aFoldedModelIsVerifiedAndInspectedButNotExported() {
    Outcome imported = Outcome.of("import", SOURCE, "--out", at("folded"), "--fold-batch-norm");
    assertEquals(0, imported.status(), imported.err());
    assertTrue(
        imported.out().startsWith("21 batch norms folded; largest difference on random images "),
        imported.out());
    assertTrue(imported.out().contains("\nthe function is preserved\n"), imported.out());
    Outcome verified = Outcome.of("verify", at("folded"), "--reference", CASE.toString());
    assertEquals(0, verified.status(), verified.out());
    assertTrue(verified.out().contains("batch norms were folded"), verified.out());
    Outcome inspected = Outcome.of("inspect", at("folded"));
    assertEquals(0, inspected.status());
    assertTrue(inspected.out().contains("batch_norm_folded"), inspected.out());
    Outcome exported =
        Outcome.of("export", at("folded"), "--format", "published", "--out", at("back"));
    assertEquals(2, exported.status());
    assertTrue(
        exported
            .err()
            .contains("this model is in no published layout: its batch norms were folded"),
        exported.err());
    assertFalse(Files.exists(folder.resolve("back")));
  }

  @Test
  void narrowWeightsAreFoldedAsFloat32OrNotAtAll() throws IOException {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    try (SafetensorsFile file = SafetensorsFile.open(Path.of(SOURCE))) {
      file.tensors()
          .forEach(
              (name, tensor) ->
                  tensors.put(
                      name,
                      tensor.type().dtype().isFloating()
                          ? Tensors.as(tensor, DType.BF16)
                          : tensor));
      SafetensorsWriter.write(folder.resolve("bf16.safetensors"), tensors, Map.of());
    }
    String narrow = at("bf16.safetensors");
    Outcome refused = Outcome.of("import", narrow, "--out", at("narrow"), "--fold-batch-norm");
    assertEquals(1, refused.status(), refused.err());
    assertTrue(refused.out().contains("FAILED: nothing was written"), refused.out());
    assertFalse(Files.exists(folder.resolve("narrow")));
    Outcome wide =
        Outcome.of("import", narrow, "--out", at("wide"), "--fold-batch-norm", "--dtype", "f32");
    assertEquals(0, wide.status(), wide.out() + wide.err());
  }

  @Test
  void aNetworkThatIsNoNumberFailsTheCheck() throws IOException {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    try (SafetensorsFile file = SafetensorsFile.open(Path.of(SOURCE))) {
      tensors.putAll(file.tensors());
      String name = "stem.in_conv.norm.running_var";
      float[] variance = Tensors.floats(tensors.get(name));
      variance[0] = -1;
      tensors.put(name, MemoryTensor.of(variance, variance.length));
      SafetensorsWriter.write(folder.resolve("broken.safetensors"), tensors, Map.of());
    }
    Outcome outcome =
        Outcome.of("import", at("broken.safetensors"), "--out", at("broken"), "--fold-batch-norm");
    assertEquals(1, outcome.status(), outcome.err());
    assertFalse(Files.exists(folder.resolve("broken")));
  }

  @Test
  void whatHasNoBatchNormsIsAMistakeInTheCommand() {
    String dit = Fixtures.of("dit-tiny").resolve("checkpoint.pt").toString();
    Outcome outcome =
        Outcome.of("import", dit, "--heads", "3", "--out", at("dit"), "--fold-batch-norm");
    assertEquals(2, outcome.status());
    assertEquals(
        "canbridge: import: --fold-batch-norm: the architecture 'dit' has no batch norms; there is"
            + " nothing to fold",
        outcome.err().lines().findFirst().orElseThrow());
  }
}
