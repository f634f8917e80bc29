package org.canbridge.tensors;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apiguardian.api.API;
import org.canbridge.tensors.files.Checksum;

/**
 * An opened file (or set of shards) of named tensors. Opening reads the header only. The tensors
 * stay usable until {@link #close()}; mappings handed out before stay valid after it.
 */
@API(status = API.Status.STABLE)
public interface TensorFile extends AutoCloseable {
  /** The most tensors that a file may name; the largest networks have a tenth of them. */
  int MAX_TENSORS = 100_000;

  /** The longest name that a tensor may have. */
  int MAX_NAME = 4_096;

  /** The file that was opened (the index, for shards). */
  Path path();

  /** Every file that holds part of it: {@link #path()} alone, or the index and its shards. */
  default List<Path> files() {
    return List.of(path());
  }

  /** {@code safetensors}, {@code torch-zip}, {@code torch-legacy} ... */
  String format();

  /**
   * All tensors in the file's order. Names of nested dictionaries are joined by dots, e.g. {@code
   * ema.pos_embed} for {@code file["ema"]["pos_embed"]}.
   */
  Map<String, TensorData> tensors();

  /**
   * Tensors of the file that are no weights by the format's own account, such as the constants of a
   * graph: name and what it is. Mostly none.
   */
  default Map<String, String> constants() {
    return Map.of();
  }

  /** What the reader decided and the user should know, one sentence each. */
  default List<String> notes() {
    return List.of();
  }

  /**
   * Names of top-level entries that are dictionaries themselves, e.g. {@code model, ema, opt};
   * empty for a plain state dict and in formats without dictionaries.
   */
  default Set<String> containers() {
    return Set.of();
  }

  /**
   * Everything else that the file says, by the same dotted names: safetensors' {@code
   * __metadata__}, numbers and strings of a pickle ({@code args.num_classes}). Values are {@link
   * String}, {@link Long}, {@link Double} or {@link Boolean}.
   */
  default Map<String, Object> values() {
    return Map.of();
  }

  /**
   * The checksums that its format has of stretches of {@link #files()}, for whoever reads them as a
   * whole. Writers may leave checksums out.
   */
  default List<Checksum> checksums() {
    return List.of();
  }

  /**
   * What a pickle holds beside tensors, numbers and strings, by the same dotted names: the class of
   * each object, such as {@code pathlib.PosixPath}. None of them is made, and none is read.
   */
  default Map<String, String> objects() {
    return Map.of();
  }

  @Override
  void close();
}
