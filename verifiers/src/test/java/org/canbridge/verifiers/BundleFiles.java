package org.canbridge.verifiers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.safetensors.SafetensorsWriter;

/** Writes small reference bundles for tests. */
final class BundleFiles {
  private BundleFiles() {}

  /** Writes both files into {@code directory}. */
  static Path write(Path directory, String json, Map<String, TensorData> tensors)
      throws IOException {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("reference.json"), json);
    SafetensorsWriter.write(directory.resolve("reference.safetensors"), tensors, Map.of());
    return directory;
  }
}
