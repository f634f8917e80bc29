package org.canbridge.tensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * A tensor whose bytes are produced when asked for: mapped from a file, derived from other tensors,
 * or generated. Holding one costs nothing; tensors past 2 GiB are read in pieces.
 */
@API(status = API.Status.STABLE)
public interface TensorData {

  /** The largest piece that {@link #bytes(long, int)} hands out, so that it fits one buffer. */
  int MAX_PIECE = 1 << 30;

  /** Element type and shape. */
  TensorType type();

  /**
   * Bytes {@code offset .. offset + length} of the tensor in row-major order, little-endian, as a
   * direct buffer positioned at 0. Where the tensor lies in a file without holes this is a private
   * (copy-on-write) mapping of it and nothing is read; native code may write into the buffer
   * without touching the file.
   *
   * @throws IndexOutOfBoundsException if the range leaves the tensor
   * @throws org.canbridge.tensors.files.InputFileException if the file can no longer be read
   */
  ByteBuffer bytes(long offset, int length);

  /** All bytes; only for tensors up to {@link Integer#MAX_VALUE} bytes. */
  default ByteBuffer bytes() {
    return bytes(0, Math.toIntExact(type().bytes()));
  }

  /**
   * Copies bytes from {@code offset} on into what remains of the buffer: for readers of many small
   * parts, to whom a mapping each would cost more than the copy. Safe to call from several threads.
   *
   * @throws IndexOutOfBoundsException if the range leaves the tensor
   * @throws org.canbridge.tensors.files.InputFileException if the file can no longer be read
   */
  default void read(long offset, ByteBuffer target) {
    target.put(bytes(offset, target.remaining()));
  }

  /** The file that the elements come from; empty if they were made here. */
  default Optional<Path> file() {
    return Optional.empty();
  }

  /**
   * Writes all bytes through one small buffer: streaming a large file maps nothing, and what cannot
   * be read is no fault of the channel.
   */
  default void writeTo(WritableByteChannel channel) throws IOException {
    long total = type().bytes();
    int piece = 1 << 22;
    ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(piece, total));
    for (long at = 0; at < total; at += piece) {
      read(at, buffer.clear().limit((int) Math.min(piece, total - at)));
      buffer.flip();
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    }
  }
}
