package org.canbridge.importers.keys;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;

/** The bytes of {@code source} under another shape. */
record ReshapedTensor(TensorData source, TensorType type) implements TensorData {
  @Override
  public Optional<Path> file() {
    return source.file();
  }

  @Override
  public ByteBuffer bytes(long offset, int length) {
    return source.bytes(offset, length);
  }

  @Override
  public void read(long offset, ByteBuffer target) {
    source.read(offset, target);
  }
}
