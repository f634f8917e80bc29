package org.canbridge.tensors.torch;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.files.FileSource;

/** A file whose tensors a pickle describes, however it is packed. */
abstract class PickledFile implements TensorFile {
  private final FileSource source;
  private final String format;
  private final TorchContent content;

  /** Takes the source over. */
  PickledFile(FileSource source, String format, TorchContent content) {
    this.source = source;
    this.format = format;
    this.content = content;
  }

  @Override
  public final Path path() {
    return source.path();
  }

  @Override
  public final String format() {
    return format;
  }

  @Override
  public final Map<String, TensorData> tensors() {
    return content.tensors();
  }

  @Override
  public final Set<String> containers() {
    return content.containers();
  }

  @Override
  public final Map<String, Object> values() {
    return content.values();
  }

  @Override
  public final Map<String, String> objects() {
    return content.objects();
  }

  @Override
  public final void close() {
    source.close();
  }
}
