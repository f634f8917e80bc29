package org.canbridge.tensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.tensors.formats.TensorFiles;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What README.md shows is this, and works. */
final class ReadmeTest {
  private static final Path HERE = Path.of("src/test/java/org/canbridge/tensors/ReadmeTest.java");

  @TempDir Path folder;

  @Test
  void theExampleReadsAndWrites() throws IOException {
    Path source = folder.resolve("model.safetensors");
    Path target = folder.resolve("narrow.safetensors");
    SafetensorsWriter.write(
        source, Map.of("bias", MemoryTensor.of(new float[] {1, -2.5f}, 2)), Map.of());

    assertArrayEquals(new float[] {1, -2.5f}, example(source, target));
    try (TensorFile written = TensorFiles.open(target)) {
      assertEquals(TensorType.of(DType.BF16, 2), written.tensors().get("bias").type());
      assertEquals(Map.of("format", "pt"), written.values());
    }
  }

  private static float[] example(Path source, Path target) throws IOException {
    try (TensorFile file = TensorFiles.open(source)) {
      float[] bias = Tensors.floats(file.tensors().get("bias"));
      Map<String, TensorData> narrow = new LinkedHashMap<>(file.tensors());
      narrow.replaceAll((name, tensor) -> Tensors.as(tensor, DType.BF16));
      SafetensorsWriter.write(target, narrow, Map.of("format", "pt"));
      return bias;
    }
  }

  @Test
  void theReadmeShowsIt() throws IOException {
    List<String> code = Files.readAllLines(HERE).stream().map(String::strip).toList();
    String readme = Files.readString(Path.of("README.md"));
    int begin = readme.indexOf("```java\n") + "```java\n".length();
    List<String> shown =
        readme.substring(begin, readme.indexOf("```", begin)).lines().map(String::strip).toList();

    List<String> lines = shown.subList(0, shown.size() - 1); // without the closing brace
    assertTrue(Collections.indexOfSubList(code, lines) >= 0, () -> String.join("\n", lines));
  }
}
