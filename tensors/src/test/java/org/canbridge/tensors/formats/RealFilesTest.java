package org.canbridge.tensors.formats;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorType;
import org.junit.jupiter.api.Test;

/**
 * Checkpoints written by other people, against the digests in {@code digests.json} beside them.
 * They are no part of the project: {@code mvn -Preal-files -Dcanbridge.realFiles=DIR verify}.
 */
final class RealFilesTest {
  private static final Map<String, DType> DTYPES =
      Map.of(
          "float32", DType.F32,
          "float16", DType.F16,
          "bfloat16", DType.BF16,
          "float64", DType.F64,
          "int64", DType.I64,
          "int32", DType.I32,
          "uint8", DType.U8,
          "bool", DType.BOOL);

  @Test
  void tensorsHaveTheirDigests() throws IOException {
    String folder = System.getProperty("canbridge.realFiles", "");
    if (folder.isEmpty()) {
      System.out.println("RealFilesTest skipped: -Dcanbridge.realFiles=DIR is not given");
    }
    assumeTrue(!folder.isEmpty(), "-Dcanbridge.realFiles=DIR is not given");
    JsonNode digests = new ObjectMapper().readTree(Path.of(folder, "digests.json").toFile());
    assertFalse(digests.isEmpty());
    assertAll(
        digests.properties().stream()
            .map(file -> () -> check(Path.of(folder, file.getKey()), file.getValue())));
  }

  private static void check(Path path, JsonNode expected) {
    Map<String, String> expectedLines = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : expected.properties()) {
      JsonNode tensor = entry.getValue();
      long[] shape = new long[tensor.get("shape").size()];
      for (int i = 0; i < shape.length; i++) {
        shape[i] = tensor.get("shape").get(i).longValue();
      }
      TensorType type = TensorType.of(DTYPES.get(tensor.get("dtype").textValue()), shape);
      expectedLines.put(entry.getKey(), type + " " + tensor.get("sha256").textValue());
    }
    Map<String, String> lines = new TreeMap<>();
    try (TensorFile file = TensorFiles.open(path)) {
      file.tensors()
          .forEach((name, tensor) -> lines.put(name, tensor.type() + " " + Digests.sha256(tensor)));
    }
    assertEquals(expectedLines, lines, path::toString);
  }
}
