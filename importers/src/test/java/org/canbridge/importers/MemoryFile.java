package org.canbridge.importers;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;

/** A file that exists only in the test. */
record MemoryFile(Map<String, TensorData> tensors, Set<String> containers) implements TensorFile {

  static MemoryFile of(Map<String, TensorData> tensors) {
    return new MemoryFile(tensors, Set.of());
  }

  @Override
  public Path path() {
    return Path.of("test.pt");
  }

  @Override
  public String format() {
    return "memory";
  }

  @Override
  public Map<String, Object> values() {
    return Map.of();
  }

  @Override
  public void close() {}
}
