package org.canbridge.tensors.formats;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SniffingTest {
  @TempDir Path folder;

  /** The first byte of such a file is a multiple of 8, and 0x80 is how a pickle starts. */
  @Test
  void headersOfEveryLengthAreRecognised() throws IOException {
    for (int length = 1; length < 300; length++) {
      Path file = folder.resolve("file");
      Map<String, String> metadata = Map.of("padding", "x".repeat(length));
      SafetensorsWriter.write(file, Map.of("a", MemoryTensor.of(new float[] {1})), metadata);
      try (TensorFile read = TensorFiles.open(file)) {
        assertEquals("safetensors", read.format(), () -> firstByte(file));
      }
    }
  }

  private static String firstByte(Path file) {
    try {
      return "first byte " + Files.readAllBytes(file)[0];
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
