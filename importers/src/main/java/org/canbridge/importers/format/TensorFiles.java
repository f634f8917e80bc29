package org.canbridge.importers.format;

import java.nio.file.Path;

/** Opens files of tensors, whatever their format; it is told by the content, never by the name. */
public final class TensorFiles {
  private TensorFiles() {}

  /** Opens a file. */
  public static TensorFile open(Path path) {
    FileSource source = FileSource.open(path);
    boolean json = source.size() > 8 && source.read(8, 1).get() == '{';
    if (!json && OnnxFile.looksLike(source)) {
      return OnnxFile.open(source);
    }
    return SafetensorsFile.open(source);
  }
}
