package org.canbridge.importers.format;

import java.nio.file.Path;

/** Opens a file of tensors by its content. */
public final class TensorFiles {
  private TensorFiles() {}

  /** Opens a file. */
  public static TensorFile open(Path path) {
    return SafetensorsFile.open(path);
  }
}
