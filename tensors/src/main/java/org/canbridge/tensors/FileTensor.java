package org.canbridge.tensors;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.canbridge.tensors.files.FileSource;

/** A tensor that lies in a file in row-major order without holes, mapped when it is asked for. */
public final class FileTensor implements TensorData {
  private final FileSource source;
  private final long position;
  private final TensorType type;

  /** The caller has checked that the bytes lie inside the file. */
  public FileTensor(FileSource source, long position, TensorType type) {
    this.source = source;
    this.position = position;
    this.type = type;
  }

  @Override
  public TensorType type() {
    return type;
  }

  /** The place of its first byte in the file. */
  public long position() {
    return position;
  }

  @Override
  public Optional<Path> file() {
    return Optional.of(source.path());
  }

  @Override
  public ByteBuffer bytes(long offset, int length) {
    Objects.checkFromIndexSize(offset, (long) length, type.bytes());
    return source.map(position + offset, length, type.dtype().bytes());
  }

  @Override
  public void read(long offset, ByteBuffer target) {
    Objects.checkFromIndexSize(offset, (long) target.remaining(), type.bytes());
    source.read(position + offset, target);
  }
}
