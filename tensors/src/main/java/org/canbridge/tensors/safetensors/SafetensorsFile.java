package org.canbridge.tensors.safetensors;

import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.FileTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.FileSource;

/**
 * A safetensors file.
 *
 * <p>The format, as it is read here (all numbers little-endian):
 *
 * <ol>
 *   <li>8 bytes: an unsigned number, the length n of the header, at most {@value
 *       SafetensorsHeader#MAX_BYTES};
 *   <li>n bytes: a JSON object in UTF-8; its opening brace is the first byte, spaces may follow it.
 *       It maps each tensor's name to an object with exactly the fields {@code dtype} (a name of
 *       {@link DType}), {@code shape} (an array of non-negative integers, at most {@value
 *       TensorType#MAX_RANK}; empty for a scalar) and {@code data_offsets} (two integers, begin and
 *       end, counted from the end of the header). The name {@code __metadata__} is reserved: an
 *       object of strings, read into {@link #values()};
 *   <li>the tensors' bytes in row-major order. They tile the rest of the file: no overlap, no hole,
 *       nothing after the last one. A tensor of no elements has no bytes.
 * </ol>
 *
 * <p>Every departure is refused with its own {@link org.canbridge.tensors.files.Problem}; see
 * {@link SafetensorsHeader}. No more memory is taken than the file's header has bytes. Tensors may
 * lie beyond 2 GiB and be larger than that.
 *
 * <p>Source: the format description of the safetensors project (huggingface/safetensors, README)
 * and its Rust implementation.
 */
public final class SafetensorsFile implements TensorFile {
  private final FileSource source;
  private final Map<String, FileTensor> tensors;
  private final Map<String, Object> values;

  private SafetensorsFile(FileSource source, SafetensorsHeader header) {
    this.source = source;
    this.tensors = header.tensors(source);
    this.values = Collections.unmodifiableMap(header.metadata());
  }

  /**
   * Opens a file and reads its header.
   *
   * @throws org.canbridge.tensors.files.InputFileException if the file departs from the format
   */
  public static SafetensorsFile open(Path path) {
    return open(FileSource.open(path));
  }

  /** Takes the source over: it is closed with the file, and at once if the header is refused. */
  public static SafetensorsFile open(FileSource source) {
    try {
      return new SafetensorsFile(source, SafetensorsHeader.read(source));
    } catch (RuntimeException | Error e) {
      source.close();
      throw e;
    }
  }

  @Override
  public Path path() {
    return source.path();
  }

  @Override
  public String format() {
    return "safetensors";
  }

  @Override
  public Map<String, TensorData> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /**
   * The place of a tensor's first byte in the file.
   *
   * @throws IllegalArgumentException if there is no such tensor
   */
  public long position(String tensor) {
    FileTensor found = tensors.get(tensor);
    if (found == null) {
      throw new IllegalArgumentException(path() + " has no tensor " + tensor);
    }
    return found.position();
  }

  /** The entries of {@code __metadata__}. */
  @Override
  public Map<String, Object> values() {
    return values;
  }

  @Override
  public void close() {
    source.close();
  }
}
