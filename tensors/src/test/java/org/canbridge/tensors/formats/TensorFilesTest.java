package org.canbridge.tensors.formats;

import static org.canbridge.tensors.formats.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.canbridge.tensors.ConstantTensor;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.safetensors.SafetensorsFileTest;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.canbridge.tensors.torch.TorchFileTest;
import org.canbridge.tensors.torch.TorchLegacyFileTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TensorFilesTest {
  @TempDir Path folder;

  private String formatOf(String name, byte[] content) throws IOException {
    try (TensorFile file = TensorFiles.open(Files.write(folder.resolve(name), content))) {
      return file.format();
    }
  }

  @Test
  void goesByContentNotByName() throws IOException {
    assertEquals("torch-zip", formatOf("a.safetensors", new TorchFileTest().sample()));
    assertEquals("torch-legacy", formatOf("a.json", new TorchLegacyFileTest().sample()));
    assertEquals("safetensors", formatOf("a.pt", new SafetensorsFileTest().sample()));
  }

  /** Headers of 123 and 128 bytes: the first byte is an opening brace, or begins a pickle. */
  @Test
  void takesASafetensorsFileForNothingElse() throws IOException {
    for (int length : new int[] {'{', 0x80}) {
      byte[] content = new byte[8 + length];
      Arrays.fill(content, (byte) ' ');
      byte[] start = {(byte) length, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
      System.arraycopy(start, 0, content, 0, start.length);
      assertEquals("safetensors", formatOf("x", content));
    }
  }

  @Test
  void refusesNamesThatNobodyReads() throws IOException {
    Path path = folder.resolve("long");
    TensorData none = ConstantTensor.of(TensorType.of(DType.F32, 1), 0);
    SafetensorsWriter.write(path, Map.of("n".repeat(20_000), none), Map.of());
    assertRefused(
        TensorProblem.TOO_MUCH,
        path,
        () -> TensorFiles.open(path),
        "the name of a tensor is too long",
        "expected: at most 4096 characters",
        "actual: 20000",
        "file: FILE",
        "key: " + "n".repeat(10_000) + " ... (10000 more characters)",
        "next: the file is damaged or forged: get it again from its source");
  }

  @Test
  void refusesEverythingElse() throws IOException {
    for (byte[] content :
        List.of(
            "Entry not found".getBytes(StandardCharsets.US_ASCII),
            new byte[] {1},
            new byte[] {8, 7, 17, 7, 'p', 'y', 't', 'o', 'r', 'c', 'h'},
            new byte[1000])) {
      Path path = Files.write(folder.resolve("file"), content);
      assertRefused(
          TensorProblem.NOT_A_CHECKPOINT,
          path,
          () -> TensorFiles.open(path),
          "the file is in no format that is read here",
          "expected: safetensors, torch.save (zip or legacy), ONNX, or the JSON index of a set of"
              + " shards",
          "file: FILE",
          "next: convert it to safetensors with the tool that wrote it");
    }
  }

  @Test
  void refusesADevice() {
    Path device = Path.of("/dev/zero");
    assumeTrue(Files.exists(device), "this system has no /dev/zero");
    assertRefused(
        FileProblem.NOT_A_REGULAR_FILE,
        device,
        () -> TensorFiles.open(device),
        "this is a pipe, a socket or a device, not a file",
        "file: FILE",
        "next: save its content to a file first");
  }
}
