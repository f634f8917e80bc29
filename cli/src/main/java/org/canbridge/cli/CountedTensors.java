package org.canbridge.cli;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;

/**
 * Tensors that show how much of them was read, for a command that reads each byte once. Counting
 * happens where the bytes are handed out, so that writers need to know nothing of progress.
 */
final class CountedTensors implements AutoCloseable {
  private static final long MEBIBYTE = 1 << 20;

  private final Map<String, TensorData> tensors = new LinkedHashMap<>();
  private final Progress progress;
  private long read;

  /** Begins to count; closing ends the display. */
  CountedTensors(String task, Map<String, TensorData> source, Context context) {
    long total = source.values().stream().mapToLong(tensor -> tensor.type().bytes()).sum();
    this.progress = context.progress(task, Math.max(1, total / MEBIBYTE), "MiB");
    source.forEach((name, tensor) -> tensors.put(name, new Counted(tensor)));
  }

  /** The same tensors, counted. */
  Map<String, TensorData> tensors() {
    return tensors;
  }

  @Override
  public void close() {
    progress.close();
  }

  private final class Counted implements TensorData {
    private final TensorData source;

    Counted(TensorData source) {
      this.source = source;
    }

    @Override
    public TensorType type() {
      return source.type();
    }

    @Override
    public ByteBuffer bytes(long offset, int length) {
      ByteBuffer bytes = source.bytes(offset, length);
      count(length);
      return bytes;
    }

    @Override
    public void read(long offset, ByteBuffer target) {
      int length = target.remaining();
      source.read(offset, target);
      count(length);
    }

    @Override
    public Optional<Path> file() {
      return source.file();
    }

    private void count(int length) {
      read += length;
      progress.advanceTo(read / MEBIBYTE);
    }
  }
}
